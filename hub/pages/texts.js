// Every sentence of the console in Chinese and English, under one key.
// Rule: both languages have the same keys and the same {names}.

import { en } from "./texts_en.js";
import { zh } from "./texts_zh.js";

export const TEXTS = { zh, en };
