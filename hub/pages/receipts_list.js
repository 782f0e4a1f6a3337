// The list of the latest receipts: new ones come in on top and are marked for a moment.

import { formatCount, formatMoney } from "./amounts.js";
import { byId, element, icon, putInOrder, redraw, setData, setHidden } from "./dom.js";

const rows_by_receipt = new Map();
let is_first_drawing = true;

function drawReceipt(node, receipt, { view, language }) {
  const words = [receipt.receipt];
  if (receipt.member !== null) words.push(language.text("receipts.member", { member: receipt.member }));
  if (receipt.points_earned > 0) {
    words.push(language.text("receipts.earned", { count: formatCount(receipt.points_earned) }));
  }
  if (receipt.points_used > 0) words.push(language.text("receipts.used", { count: formatCount(receipt.points_used) }));
  const total = formatMoney(receipt.total_minor, view.currency);
  const time = language.time(receipt.received_ms);
  const offline = receipt.offline ? language.text("receipts.offline") : null;
  setData(node, "return", receipt.total_minor < 0);
  redraw(node, [receipt.store_name, words, total, time, offline], () => [
    element("div", { class: "receipt-top" },
      element("strong", { class: "receipt-store", title: receipt.store_name }, receipt.store_name),
      offline === null ? null : element("span", { class: "badge", "data-condition": "dark" }, icon("dark"), offline),
      element("span", { class: "receipt-total" }, total)),
    element("div", { class: "receipt-more" },
      element("span", { class: "receipt-words" }, words.join(" · ")),
      element("time", { title: language.moment(receipt.business_time_ms) }, time)),
  ]);
}

export function drawReceipts({ view, language }) {
  const nodes = view.receipts.map((receipt) => {
    if (!rows_by_receipt.has(receipt.receipt)) {
      const node = element("li", { class: is_first_drawing ? null : "new", "data-testid": "receipt" });
      rows_by_receipt.set(receipt.receipt, node);
    }
    const node = rows_by_receipt.get(receipt.receipt);
    drawReceipt(node, receipt, { view, language });
    return node;
  });
  is_first_drawing = false;
  putInOrder(byId("receipts"), nodes);
  const shown = new Set(view.receipts.map((receipt) => receipt.receipt));
  for (const receipt of rows_by_receipt.keys()) if (!shown.has(receipt)) rows_by_receipt.delete(receipt);
  setHidden(byId("receipts-empty"), view.receipts.length > 0);
}
