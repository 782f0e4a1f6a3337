// The list of the latest receipts: new ones come in on top and are marked for a moment.

import { formatCount, formatMoney, shortMask } from "/look/amounts.js";
import { byId, element, icon, putInOrder, redraw, setData, setHidden } from "/look/dom.js";

const rows_by_receipt = new Map();
let is_first_drawing = true;

function pointsWords({ points_earned, points_used }, language) {
  const words = [];
  if (points_earned > 0) words.push(language.text("receipts.earned", { count: formatCount(points_earned) }));
  if (points_used > 0) words.push(language.text("receipts.used", { count: formatCount(points_used) }));
  return words;
}

function memberMark(member, language) {
  if (member === null) return null;
  const spoken = element("span", { class: "only-heard" }, language.text("receipts.member"));
  return element("span", { class: "receipt-member" }, icon("member"), spoken, shortMask(member));
}

function drawReceipt(node, receipt, { view, language }) {
  const points = pointsWords(receipt, language);
  const total = formatMoney(receipt.total_minor, view.currency);
  const time = language.time(receipt.received_ms);
  const offline = receipt.offline ? language.text("receipts.offline") : null;
  setData(node, "return", receipt.total_minor < 0);
  redraw(node, [receipt.store_name, receipt.member, points, total, time, offline, language.code], () => [
    element("div", { class: "receipt-top" },
      element("strong", { class: "receipt-store", title: receipt.store_name }, receipt.store_name),
      offline === null ? null : element("span", { class: "badge", "data-kind": "warning" }, icon("offline"), offline),
      element("span", { class: "receipt-total" }, total)),
    element("div", { class: "receipt-more" },
      element("span", {}, receipt.receipt),
      memberMark(receipt.member, language),
      element("span", { class: "receipt-points" }, points.join(" ")),
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
