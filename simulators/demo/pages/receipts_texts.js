// Every sentence of the receipt page in Chinese and English, under one key.
// Rule: both languages have the same keys and the same {names}.

export const TEXTS = {
  zh: {
    "page.title": "小票打印",
    "theme.light": "浅色显示",
    "theme.dark": "深色显示",
    "store.till": "打开收银页",
    "store.count": "已打印 {count} 张",
    "store.roll": "{name} 打印的小票",
    "store.nothing": "还没有小票。在收银页卖一单，小票就会出现在这里。",
    "store.unplugged": "打印机已断开",
    "receipt.number": "第 {number} 张",
    "receipt.drawer": "钱箱已打开",
    "page.gone": "演示已停止，或暂时没有响应。重新运行 ./run demo。",
    "page.no_pictures": "缺少中文字体，小票以文字显示。安装字体：sudo apt-get install -y fonts-noto-cjk，然后重新运行演示。",
  },
  en: {
    "page.title": "receipts",
    "theme.light": "Light",
    "theme.dark": "Dark",
    "store.till": "Open the till",
    "store.count": "{count} printed",
    "store.roll": "Receipts printed at {name}",
    "store.nothing": "No receipt yet. Sell something on the till page and it appears here.",
    "store.unplugged": "Printer unplugged",
    "receipt.number": "No. {number}",
    "receipt.drawer": "Drawer opened",
    "page.gone": "The demo has ended, or does not answer for the moment. Start it again: ./run demo.",
    "page.no_pictures": "A Chinese font is missing, so receipts are shown as text. Type sudo apt-get install -y fonts-noto-cjk and start the demo again.",
  },
};
