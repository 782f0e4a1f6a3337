"""Published aggregates of real shopping that give the made-up traffic its shape.

One rule: totals only, never a row of anybody's data. Sources:

- **CJ**: *The Complete Journey*, 84.51° (CC0), through the R package completejourney, table
  `transactions_sample`, weeks 1 to 26: 36,241 lines of 22,849 baskets of 2,206 households in 227 stores. The
  table is a random sample of the lines: 75,000 of the 1,469,307 rows of the full one.
- **OR**: *Online Retail*, Chen, D. (2015), UCI Machine Learning Repository,
  https://doi.org/10.24432/C5BW33 (CC BY 4.0), 1 December 2010 to 31 May 2011: 9,106 invoices, aggregated.

Each constant says how it was computed. Where a number is our own choice and not an aggregate, it stands in `generator`.
"""

# CJ: baskets by hour of the local clock, 0 to 23.
HOUR_BASKETS = (
    135, 78, 62, 34, 19, 21, 83, 189, 352, 604, 990, 1434,
    1569, 1675, 1780, 1795, 2159, 2346, 2330, 1902, 1421, 1000, 603, 268,
)  # fmt: skip

# CJ: baskets by weekday, Monday first.
WEEKDAY_BASKETS = (3351, 2824, 2869, 2880, 3122, 3691, 4112)

# CJ: sampled lines per sampled basket: {lines: baskets}.
SAMPLED_LINES_PER_BASKET = {1: 14965, 2: 4670, 3: 1860, 4: 795, 5: 318, 6: 145, 7: 63, 8: 24, 9: 8, 11: 1}

# CJ: a basket in the sample shows only those of its lines that were drawn, so its size has to be scaled up. Let whole
# baskets follow a negative binomial (shape r, mean m, without zero); a sample that keeps each line with probability
# p = 75,000 / 1,469,307 then shows a negative binomial of shape r and mean p * m without zero. Fitted to the line above
# by maximum likelihood: r = 0.31, m = 5.9 (expected 14,903, 4,810, 1,825, 744, 316, 138, 61, 28 baskets of 1 to 8
# lines), which makes whole baskets of 9.75 lines on average and 5 at the median.
BASKET_LINES_SHAPE = 0.31
BASKET_LINES_MEAN_WITH_ZERO = 5.9

# CJ: baskets per household, quantiles in steps of 5 % from the least to the most. Only the shape is used: the sample
# does not see a basket none of whose lines was drawn.
VISITS_PER_HOUSEHOLD = (1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 17, 19, 22, 29, 92)

# CJ: households by number of stores visited: {stores: households}; 57 % were seen in more than one.
STORES_PER_HOUSEHOLD = {1: 949, 2: 660, 3: 344, 4: 151, 5: 55, 6: 30, 7: 10, 8: 5, 9: 2}

# CJ: of the baskets of the households seen in several stores, per mille in the store each of them visits most.
HOME_VISITS_PERMILLE = 711

# CJ: baskets of the twenty busiest stores.
STORE_BASKETS = (
    635, 469, 425, 409, 407, 388, 380, 356, 339, 337, 335, 334, 314, 301, 301, 293, 287, 285, 275, 272,
)  # fmt: skip

# CJ: lines by quantity, without fuel, coupon lines and quantities of 0: {quantity: lines}. 35,599 such lines; those of
# other quantities (below 0.2 %) are left out.
QUANTITY_LINES = {1: 28337, 2: 5267, 3: 976, 4: 563, 5: 167, 6: 142, 8: 40, 10: 27, 12: 19}

# CJ: deciles (1st to 9th) of the price paid per unit, without fuel, coupon lines and amounts of 0, in hundredths of the
# median (1.93 USD).
PRICE_DECILES_PERCENT_OF_MEDIAN = (34, 52, 62, 78, 100, 116, 139, 165, 222)

# CJ: lines by kind of goods, per mille of the 34,427 lines whose department and category (table `products`) fall into
# one of these kinds.
CATEGORY_PERMILLE = {
    "fruit": 49,
    "vegetables": 61,
    "meat_fish": 63,
    "dairy_eggs": 117,
    "bakery": 62,
    "staples": 133,
    "seasoning": 53,
    "snacks": 99,
    "drinks": 114,
    "frozen": 93,
    "deli": 47,
    "baby_pet": 28,
    "household": 55,
    "personal_care": 27,
}

# CJ: lines with a manufacturer's coupon, per mille; with 9.75 lines to a basket at most 13 % of the baskets have one.
COUPON_LINES_PERMILLE = 14

# OR: invoices (without credit notes) that name no customer, per mille: 1,696 of 9,106. CJ knows members only.
NO_MEMBER_PERMILLE = 186
