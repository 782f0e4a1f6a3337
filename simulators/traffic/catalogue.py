"""The assortment of a small Chinese supermarket, for made-up baskets.

One rule: no real article. The names say what a thing is and carry no brand; prices are plausible, not observed;
every GTIN begins with 29 and so lies in the range kept for numbers used inside one company. Tax is simplified to two
rates: 9 % for farm produce, grain, oil, salt and plain milk, 13 % for the rest.

Source: GS1 General Specifications, prefixes 20 to 29 (restricted circulation numbers within a company).
"""

from functools import cache

from simulators.traffic.baskets import CatalogueItem

# A heading names a kind of goods and its tax rate in basis points. A line is: Chinese name | English name | sizes, each
# size:price in fen. The size "kg" stands for loose goods, weighed at the till and priced per kilogram.
_ARTICLES = """
[fruit 900]
苹果|Apples|kg:1180
香蕉|Bananas|kg:698
橙子|Oranges|kg:990
蜜橘|Mandarins|kg:798
鸭梨|Pears|kg:680
巨峰葡萄|Black grapes|kg:1980
西瓜|Watermelon|kg:398
哈密瓜|Hami melon|kg:780
桃子|Peaches|kg:1280
菠萝|Pineapple|kg:690
猕猴桃|Kiwi fruit|×6:1290 ×12:2390
蓝莓|Blueberries|125g:990 4×125g:3590
草莓|Strawberries|300g:1580 500g:2480
柠檬|Lemons|×2:390 ×6:980
小番茄|Cherry tomatoes|250g:590 500g:990
牛油果|Avocados|×2:1190
[vegetables 900]
大白菜|Chinese cabbage|kg:238
小白菜|Pak choi|kg:498 300g:250
菠菜|Spinach|kg:798 300g:380
生菜|Lettuce|250g:350 500g:590
西兰花|Broccoli|kg:880 300g:450
胡萝卜|Carrots|kg:398 500g:280
白萝卜|White radish|kg:258
土豆|Potatoes|kg:358 1kg:450
红薯|Sweet potatoes|kg:498
番茄|Tomatoes|kg:798 400g:450
黄瓜|Cucumbers|kg:598 500g:390
茄子|Aubergines|kg:698
青椒|Green peppers|kg:898 300g:390
洋葱|Onions|kg:398 500g:280
大葱|Leeks|kg:598
生姜|Ginger|kg:1580 200g:390
大蒜|Garlic|kg:1180 250g:350
香菇|Shiitake mushrooms|kg:1780 200g:490
金针菇|Enoki mushrooms|150g:220 300g:390
豆芽|Bean sprouts|400g:198
玉米|Sweet corn|×2:690
毛豆|Green soya beans|500g:690
[meat_fish 900]
五花肉|Pork belly|kg:3380 350g:1390
猪里脊|Pork loin|kg:3580 300g:1290
排骨|Spare ribs|kg:4980 400g:2190
猪肉馅|Minced pork|kg:3180 300g:1090
牛腩|Beef brisket|kg:6980 400g:2990
肥牛片|Sliced beef|200g:1890 400g:3490
羊肉片|Sliced mutton|200g:1990 400g:3690
鸡胸肉|Chicken breast|kg:2180 400g:990
鸡翅|Chicken wings|kg:3580 400g:1690
鸡腿|Chicken legs|kg:2380 500g:1290
鲈鱼|Sea bass|kg:3980
草鱼|Grass carp|kg:1980
带鱼段|Hairtail pieces|400g:1980
基围虾|Shrimp|kg:6980 300g:2490
三文鱼|Salmon fillet|200g:3990
[dairy_eggs 900]
鲜鸡蛋|Fresh eggs|×6:690 ×10:1090 ×30:2690
鲜鸭蛋|Fresh duck eggs|×6:990
鹌鹑蛋|Quail eggs|×20:790
纯牛奶|Pure milk|250ml:320 1L:1190 12×250ml:3690
鲜牛奶|Fresh milk|236ml:450 950ml:1490
低脂牛奶|Low-fat milk|250ml:350 1L:1290
[dairy_eggs 1300]
原味酸奶|Plain yogurt|200g:490 8×100g:1190 1kg:1690
草莓酸奶|Strawberry yogurt|200g:520 4×100g:890
希腊酸奶|Greek yogurt|180g:890 400g:1690
儿童奶酪棒|Cheese sticks for children|100g:1290 500g:3990
切片奶酪|Sliced cheese|166g:1690 250g:2390
黄油|Butter|100g:1390 227g:2790
淡奶油|Whipping cream|250ml:1590 1L:3990
巧克力牛奶|Chocolate milk|250ml:420
嫩豆腐|Soft tofu|350g:280
老豆腐|Firm tofu|400g:320
豆浆|Soya milk|300ml:350 1L:890
[bakery 1300]
吐司|Sliced bread|400g:890 600g:1190
全麦面包|Wholemeal bread|350g:990 500g:1390
牛角包|Croissants|×1:450 ×4:1490
奶油面包|Cream buns|×1:480 ×6:1690
红豆面包|Red bean buns|×1:420 ×6:1590
蛋挞|Egg tarts|×1:390 ×6:1990
鲜肉包|Pork buns|×1:250 ×6:1290
花卷|Steamed twisted rolls|×1:150 ×6:690
馒头|Steamed buns|×1:120 ×6:590
戚风蛋糕|Chiffon cake|200g:1290
瑞士卷|Swiss roll|×1:690 400g:1890
法棍|Baguette|×1:790
华夫饼|Waffles|×6:1190
老婆饼|Winter melon pastries|×4:1090
[staples 900]
东北大米|Rice|1kg:890 5kg:3490 10kg:6690
泰国香米|Jasmine rice|1kg:1290 5kg:5490
小麦粉|Wheat flour|1kg:690 2.5kg:1490
小米|Millet|500g:690 1kg:1290
黄豆|Soya beans|500g:590
绿豆|Mung beans|500g:790
红豆|Adzuki beans|500g:890
黑米|Black rice|500g:890
玉米粒罐头|Canned sweet corn|200g:490 425g:790
[staples 1300]
挂面|Dried noodles|300g:290 500g:450 1kg:790
红烧牛肉面|Instant noodles, beef|100g:290 5×100g:1290
海鲜方便面|Instant noodles, seafood|100g:290 5×100g:1290
酸辣粉|Hot and sour noodles|120g:590
意大利面|Spaghetti|500g:990
粉丝|Glass noodles|200g:490
燕麦片|Oat flakes|400g:1090 1kg:1990
玉米片|Corn flakes|150g:990 300g:1690
八宝粥|Eight-treasure porridge|360g:390 12×360g:3990
午餐肉|Luncheon meat|198g:1190 340g:1790
金枪鱼罐头|Canned tuna|180g:1290
番茄罐头|Canned tomatoes|400g:690
蘑菇罐头|Canned mushrooms|400g:790
黄桃罐头|Canned peaches|425g:890
银耳|White fungus|100g:1290
木耳|Wood ear fungus|150g:1590
紫菜汤|Seaweed soup|72g:690
速食粥|Instant porridge|40g:350
[seasoning 900]
大豆油|Soya oil|1.8L:2490 5L:5690
花生油|Peanut oil|900ml:2690 5L:11900
菜籽油|Rapeseed oil|1.8L:2990 5L:6990
食盐|Salt|400g:250
低钠盐|Low-sodium salt|350g:390
[seasoning 1300]
生抽|Light soy sauce|500ml:890 1.28L:1690
老抽|Dark soy sauce|500ml:990
米醋|Rice vinegar|420ml:490
陈醋|Mature vinegar|500ml:690
料酒|Cooking wine|500ml:690
蚝油|Oyster sauce|260g:590 700g:1090
豆瓣酱|Broad bean paste|500g:990
番茄酱|Ketchup|340g:890
沙拉酱|Salad dressing|200g:890
花生酱|Peanut butter|340g:1490
草莓果酱|Strawberry jam|170g:1190
蜂蜜|Honey|500g:2990
白砂糖|Sugar|400g:490 1kg:990
红糖|Brown sugar|300g:690
白胡椒粉|White pepper|30g:890
花椒|Sichuan pepper|50g:790
鸡精|Chicken bouillon|200g:1190
火锅底料|Hotpot base|150g:890 300g:1290
榨菜|Pickled mustard|80g:250 5×80g:990
[snacks 1300]
原味薯片|Potato crisps, plain|45g:390 75g:690 3×75g:1590
番茄味薯片|Potato crisps, tomato|45g:390 75g:690
虾片|Prawn crackers|80g:490
锅巴|Rice crackers|100g:490
苏打饼干|Soda crackers|100g:450 400g:1190
夹心饼干|Sandwich biscuits|97g:590 388g:1490
曲奇|Butter cookies|80g:790 163g:1290
威化饼|Wafers|50g:350
牛奶巧克力|Milk chocolate|40g:790 80g:1290
黑巧克力|Dark chocolate|50g:990
水果硬糖|Fruit drops|60g:490 150g:890
奶糖|Milk toffees|114g:690 227g:1190
口香糖|Chewing gum|27g:490 56g:990
果冻|Jelly cups|200g:590 495g:1190
海苔|Seaweed snack|10g:590 24g:1290
葵花籽|Sunflower seeds|108g:590 228g:990
开心果|Pistachios|100g:1990
腰果|Cashews|100g:1790
核桃|Walnuts|500g:2990
花生米|Peanuts|120g:490
牛肉干|Beef jerky|50g:1890
葡萄干|Raisins|100g:690 250g:1390
话梅|Preserved plums|65g:690
山楂片|Haw flakes|100g:450
[drinks 1300]
可乐|Cola|330ml:280 500ml:350 2L:790 6×330ml:1490
无糖可乐|Sugar-free cola|330ml:290 500ml:390 6×330ml:1590
柠檬汽水|Lemonade|330ml:280 500ml:350 2L:790
橙味汽水|Orange soda|330ml:280 500ml:350
矿泉水|Mineral water|550ml:200 1.5L:390 12×550ml:1690
气泡水|Sparkling water|480ml:490
橙汁|Orange juice|300ml:590 1L:1390
苹果汁|Apple juice|300ml:550 1L:1290
椰汁|Coconut drink|245ml:450 1L:1290
冰红茶|Iced tea|500ml:350 1L:490
绿茶饮料|Green tea drink|500ml:350 1L:490
无糖乌龙茶|Sugar-free oolong drink|500ml:490
运动饮料|Isotonic drink|500ml:450 1L:690
即饮咖啡|Coffee drink|268ml:590
速溶咖啡|Instant coffee|100g:2990
三合一咖啡|Coffee mix|×10:1390
绿茶|Green tea|100g:2590
红茶包|Black tea bags|×25:1690
啤酒|Beer|330ml:390 500ml:490 6×330ml:2190
干红葡萄酒|Red wine|750ml:4990
黄酒|Rice wine|500ml:1290
[frozen 1300]
猪肉水饺|Pork dumplings|500g:1490 1kg:2690
三鲜水饺|Three-delicacy dumplings|500g:1590
馄饨|Wontons|300g:1290
黑芝麻汤圆|Sesame rice balls|200g:690 500g:1290
手抓饼|Flaky pancakes|×5:990 ×10:1690
烧卖|Shaomai|400g:1290
冷冻披萨|Frozen pizza|180g:1390 400g:2490
薯条|Frozen chips|400g:990 1kg:1990
鸡块|Chicken nuggets|400g:1690
鱼丸|Fish balls|250g:990 500g:1690
虾仁|Peeled shrimp|200g:2290
冷冻青豆|Frozen peas|400g:790
冷冻混合蔬菜|Frozen mixed vegetables|400g:790
香草冰淇淋|Vanilla ice cream|75g:590 500g:1990
巧克力冰淇淋|Chocolate ice cream|75g:590 500g:1990
绿豆冰棍|Mung bean ice lolly|70g:200 5×70g:890
雪糕|Ice cream bar|65g:450 6×65g:1990
[deli 1300]
烤鸡|Roast chicken|×1:2690
酱牛肉|Braised beef|kg:11800 200g:2590
卤鸭脖|Spiced duck necks|kg:5980 200g:1290
凉拌海带|Seaweed salad|kg:2180 200g:590
凉拌木耳|Wood ear salad|kg:2380 200g:690
火腿肠|Ham sausage|55g:200 10×40g:1290
培根|Bacon|150g:1390
西式火腿|Sliced ham|150g:1190 300g:1990
卤豆干|Spiced tofu|kg:1980 200g:590
咸鸭蛋|Salted duck eggs|×1:250 ×6:1290
皮蛋|Century eggs|×6:1390
便当|Boxed lunch|×1:1590
饭团|Rice ball|×1:550
三明治|Sandwich|×1:850
[baby_pet 1300]
婴儿湿巾|Baby wipes|×80:1090 3×80:2690
婴儿米粉|Baby rice cereal|225g:2990
果泥|Fruit purée|100g:990
纸尿裤|Nappies|×22:4990 ×50:9990
婴儿沐浴露|Baby wash|300ml:2990
成猫粮|Cat food|500g:1990 1.5kg:4990
猫罐头|Canned cat food|85g:690 6×85g:3590
猫砂|Cat litter|5L:1690 10L:2990
成犬粮|Dog food|500g:1790 2kg:4990
狗零食|Dog treats|100g:1290
[household 1300]
抽纸|Facial tissues|×100:390 6×100:1590
卷纸|Toilet paper|×4:990 ×10:1990
厨房纸|Kitchen paper|×2:990
餐巾纸|Paper napkins|×50:490
洗衣液|Liquid detergent|500g:990 2kg:2990
洗衣粉|Washing powder|508g:690 1.8kg:1890
柔顺剂|Fabric softener|1L:1990
洗洁精|Washing-up liquid|500g:690 1.1kg:1290
洁厕液|Toilet cleaner|500g:890
漂白水|Bleach|600g:590
垃圾袋|Bin bags|×30:790 ×100:1690
保鲜膜|Cling film|20m:690
保鲜袋|Freezer bags|×100:890
百洁布|Scouring pads|×4:590
橡胶手套|Rubber gloves|×1:790
电池|Batteries AA|×4:1290
购物袋|Carrier bag|×1:30
[personal_care 1300]
牙膏|Toothpaste|90g:990 120g:1490
牙刷|Toothbrush|×1:790 ×3:1690
漱口水|Mouthwash|500ml:2490
洗发水|Shampoo|200ml:1890 500ml:3490
护发素|Conditioner|200ml:1990
沐浴露|Shower gel|400ml:1990 720ml:2990
香皂|Soap|100g:450 4×100g:1590
洗手液|Hand wash|300ml:1090
洗面奶|Face wash|100g:2290
护手霜|Hand cream|50g:1290
卫生巾|Sanitary towels|×8:890 ×20:1990
剃须刀|Disposable razors|×3:1490
棉签|Cotton buds|×200:590
创可贴|Plasters|×20:790
"""


@cache
def catalogue() -> tuple[CatalogueItem, ...]:
    """Return the whole assortment, always the same, ordered by code."""
    items: list[CatalogueItem] = []
    numbers: dict[str, int] = {}
    category, tax_bp = "", 0
    for row in _ARTICLES.strip().splitlines():
        if row.startswith("["):
            category, rate = row.strip("[]").split()
            tax_bp = int(rate)
            continue
        name_zh, name_en, sizes = row.split("|")
        for size, _, price in (part.rpartition(":") for part in sizes.split()):
            numbers[category] = numbers.get(category, 0) + 1
            items.append(
                CatalogueItem(
                    code := f"{list(numbers).index(category) + 10}{numbers[category]:03d}",
                    with_check_digit(f"29{code:0>10}"),
                    f"{name_zh}（散称）" if size == "kg" else f"{name_zh} {size}",
                    f"{name_en}, loose" if size == "kg" else f"{name_en} {size}",
                    int(price),
                    tax_bp,
                    category,
                    weighed=size == "kg",
                )
            )
    return tuple(items)


def with_check_digit(digits: str) -> str:
    """Return the twelve `digits` with the thirteenth that makes them a GTIN-13.

    Source: GS1 General Specifications, section 7.9: weights 1 and 3 in turn, from the left; up to the next ten.
    """
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-weighted % 10}"
