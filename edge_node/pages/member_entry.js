// The member of this sale: finding, enrolling, taking off.
// Rule: enrolling needs the customer's yes, which the cashier confirms by a step of its own.

import { plainText } from "./amounts.js";
import { withoutMemberCoupons } from "./coupon_entry.js";
import { memberKinds, phoneDigits } from "./entries.js";

function notFound(till, value, problem) {
  till.message.refuse("member-not-found", { ...problem.fields, value });
}

async function findAs(till, kind, text) {
  const value = kind === "phone" ? phoneDigits(text) : text;
  return till.node.untilAnswered(() => till.node.findMember(kind, value));
}

/** Find the member by what was typed or scanned and put them on the sale; offer enrolling for an unknown phone. */
async function findMember(till, text, is_scan) {
  const kinds = memberKinds(text, is_scan);
  let not_found = null;
  for (const kind of kinds) {
    try {
      const member = await findAs(till, kind, text);
      putMember(till, member, "note.member-added");
      return;
    } catch (problem) {
      if (problem.code !== "member-not-found") {
        till.refused(problem);
        return;
      }
      if (not_found === null || kind === "phone") not_found = problem;
    }
  }
  const is_still_asked = till.view === "sale" && till.purpose === "member";
  if (kinds.includes("phone") && is_still_asked) {
    till.go("enrol", { phone: phoneDigits(text), is_offline: not_found.fields.reason_code === "offline" });
  } else {
    notFound(till, text, not_found);
  }
}

export function submitMember(till, text, is_scan) {
  const plain = plainText(text);
  if (plain === "") return;
  till.message.clear();
  till.entries.add(() => findMember(till, plain, is_scan));
}

/** Put a member on the sale and go back to scanning items. */
export function putMember(till, member, note_key) {
  const name = member.name || member.phone_masked || till.language.text("member.unnamed");
  if (["member", "enrol"].includes(till.purpose)) till.go("sale", { mode: "item" });
  till.change((basket) => {
    if (basket.member !== member.member) basket.coupons = withoutMemberCoupons(till, basket.coupons);
    basket.member = member.member;
  }, () => till.message.note(note_key, { name }));
}

export function removeMember(till) {
  till.message.clear();
  if (till.sale.wanted.member === null) {
    till.message.refuse("no-member", {}, "warning");
    return;
  }
  till.change((basket) => {
    basket.coupons = withoutMemberCoupons(till, basket.coupons);
    basket.member = null;
  }, () => till.message.note("note.member-removed"));
}

/** Enrol; one who turns out to be enrolled already (also by a call whose answer was lost) is put on the sale. */
export async function enrol(till, phone, name) {
  try {
    const member = await till.node.untilAnswered(() => till.node.enrolMember(phone, name));
    putMember(till, member, "note.member-enrolled");
  } catch (problem) {
    if (problem.code === "already-enrolled") await findMember(till, phone, false);
    else till.refused(problem);
  }
}
