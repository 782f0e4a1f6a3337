// Every sentence of the till page in Chinese and English, under one key.
// Rule: both languages have the same keys and the same {names}. An error is two sentences: the cause and the next step.

import { en } from "./texts_en.js";
import { zh } from "./texts_zh.js";

export const TEXTS = { zh, en };
