// Writes strength.json and ../../src/strength/words.bin anew: what zxcvbn 4.4.2, by the authors of "zxcvbn:
// Low-Budget Password Strength Estimation" (USENIX Security 2016), makes of many passwords, and its words.
//
// `npm install zxcvbn@4.4.2` in an empty folder, and there `node .../tests/vectors/strength.mjs`.
//
// Two things are changed: years of this century to 2099 are recent, not only those to 2019, and the present
// year is 2026. Not among the passwords are those whose signs can be read as letters in more than 16 ways,
// which doorward bounds; characters that are two units in JavaScript; and capitals in words beyond ASCII.
// (The crate zxcvbn deviates: it reads single signs as words, takes whole numbers of neighbouring keys, `[`
// and `]` for shifted, "aab" for a sequence, and one guess for PASSWORD1.)

import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const library = createRequire(`${process.cwd()}/`);
const [zxcvbn, matching, scoring, lists, graphs] = [
  "zxcvbn",
  "zxcvbn/lib/matching.js",
  "zxcvbn/lib/scoring.js",
  "zxcvbn/lib/frequency_lists.js",
  "zxcvbn/lib/adjacency_graphs.js",
].map(library);

// ---- The words: sorted, each with what it shares with the one before, in Huffman codes.
// src/strength/words.rs reads them.

const BLOCK = 32;
const MOST_BITS = 8;
const RANK_BITS = 15;

const counted = (symbols) => symbols.reduce((map, one) => map.set(one, (map.get(one) ?? 0) + 1), new Map());

/** The lengths of the codes of symbols by their numbers, of which none counts as less than a least one. */
function lengths(numbers, least) {
  const tree = ([symbol, number]) => ({ number: Math.max(number, least), symbols: [symbol] });
  const trees = [...numbers].map(tree);
  const lengths = new Map([...numbers.keys()].map((symbol) => [symbol, 0]));
  while (trees.length > 1) {
    trees.sort((a, b) => b.number - a.number || a.symbols[0] - b.symbols[0]);
    const [one, other] = trees.splice(-2);
    const symbols = [...one.symbols, ...other.symbols];
    for (const symbol of symbols) lengths.set(symbol, lengths.get(symbol) + 1);
    trees.push({ number: one.number + other.number, symbols });
  }
  return lengths;
}

/** A canonical code of eight bits at most: the bits of each symbol; for each byte its symbol and length. */
function huffman(numbers) {
  let least = 1;
  let found = lengths(numbers, least);
  while (Math.max(...found.values()) > MOST_BITS) found = lengths(numbers, (least *= 1.1));
  const table = [];
  const codes = new Map();
  for (const [symbol, length] of [...found].sort(([a, one], [b, other]) => one - other || a - b)) {
    const byte = (table.length / 2).toString(2).padStart(MOST_BITS, "0");
    codes.set(symbol, byte.slice(0, length));
    for (let copies = 0; copies < 1 << (MOST_BITS - length); copies++) table.push(symbol, length);
  }
  return { codes, table };
}

function packed(lists) {
  const ranked = (list) => list.map((word, index) => ({ word, rank: index + 1 }));
  const all = Object.values(lists).flatMap(ranked);
  all.sort((a, b) => (a.word < b.word ? -1 : 1));
  const entries = all.map(({ word, rank }, index) => {
    const before = index % BLOCK ? all[index - 1].word : "";
    let shared = 0;
    while (shared < before.length && word[shared] === before[shared]) shared++;
    return { word, shared, letters: [...Buffer.from(word.slice(shared), "latin1"), 0], rank };
  });
  const shared = huffman(counted(entries.map((entry) => entry.shared)));
  const letters = huffman(counted(entries.flatMap((entry) => entry.letters)));
  const [blocks, bytes] = [[], []];
  for (let at = 0; at < entries.length; at += BLOCK) {
    const numbers = Buffer.alloc(8);
    numbers.write(entries[at].word.slice(0, 4), "latin1");
    numbers.writeUInt32BE(bytes.length, 4);
    blocks.push(numbers);
    const bits = entries.slice(at, at + BLOCK).flatMap((entry) => [
      shared.codes.get(entry.shared),
      ...entry.letters.map((letter) => letters.codes.get(letter)),
      entry.rank.toString(2).padStart(RANK_BITS, "0"),
    ]);
    for (const byte of bits.join("").match(/.{1,8}/g)) bytes.push(Number.parseInt(byte.padEnd(8, "0"), 2));
  }
  const number = Buffer.alloc(4);
  number.writeUInt32BE(entries.length);
  // The reader looks four bytes ahead.
  const tables = [...shared.table, ...letters.table];
  return Buffer.from([...tables, ...number, ...Buffer.concat(blocks), ...bytes, 0, 0, 0]);
}

const words = Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, [...list]]));
writeFileSync(new URL("../../src/strength/words.bin", import.meta.url), packed(words));

// ---- What the reference makes of passwords.

const regex = matching.regex_match;
matching.regex_match = (password) => regex.call(matching, password, { recent_year: /19\d\d|20\d\d/g });
scoring.REFERENCE_YEAR = 2026;

let seed = 20160810;
/** A number below another, drawn (mulberry32). */
function below(end) {
  seed = (seed + 0x6d2b79f5) | 0;
  let number = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  number = (number + Math.imul(number ^ (number >>> 7), 61 | number)) ^ number;
  return ((number ^ (number >>> 14)) >>> 0) % end;
}
const one = (list) => list[below(list.length)];
const times = (least, most, draw) => Array.from({ length: least + below(most - least + 1) }, draw).join("");
const two = (number) => String(number).padStart(2, "0");

const SIGNS = {
  ...{ a: "4@", b: "8", c: "({[<", e: "3", g: "69", i: "1!|" },
  ...{ l: "1|7", o: "0", s: "$5", t: "+7", x: "%", z: "2" },
};
const ASCII = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
const OTHERS = [..."äöüßéèñçøåžабвгдежзαβγδεкλ日本語パスワード中文密码€–½ﬁ"];
const INPUTS = [
  ...["ada", "ada.lovelace@example.com", "ada.lovelace", "Analytical Engine"],
  ...["https://auth.example.com", "größe"],
];

// Common words more often than rare ones.
const word = () => {
  const list = one(Object.values(words));
  return list[Math.floor(list.length * (below(1000) / 1000) ** 3)];
};
const capitals = (text) =>
  one([
    () => text[0].toUpperCase() + text.slice(1),
    () => text.slice(0, -1) + text.at(-1).toUpperCase(),
    () => text.toUpperCase(),
    () => [...text].map((c) => (below(3) ? c : c.toUpperCase())).join(""),
    // Beyond ASCII the reference knows no capitals.
  ])().replace(/.*[^ -~].*/, text);
const signs = (text) => [...text].map((c) => (SIGNS[c] && below(2) ? one(SIGNS[c]) : c)).join("");
const keys = () => {
  const graph = one(Object.values(graphs));
  let at = one(Object.keys(graph));
  let direction = 0;
  return times(3, 9, () => {
    const key = at;
    const near = graph[at].filter(Boolean);
    direction = below(3) && graph[at][direction] ? direction : graph[at].indexOf(one(near));
    const next = graph[at][direction];
    at = below(4) ? next[0] : next.at(-1);
    return key;
  });
};
const date = () => {
  const parts = [one([1 + below(31), two(1 + below(31))]), one([1 + below(12), two(1 + below(12))])];
  const year = one([1900 + below(200), 1960 + below(70), two(below(100)), 1000 + below(1100)]);
  const separator = one(["", "", "", "/", ".", "-", " ", "_", "\\"]);
  return (below(3) ? [...parts, year] : [year, ...parts]).join(separator);
};
const sequence = () => {
  const start = one([97 + below(20), 65 + below(20), 48 + below(6), 0x3b1 + below(10), 0x430 + below(20)]);
  const step = one([1, 1, 1, -1, 2, 3, -2, 5, 6]);
  let at = start - step;
  return times(2, 8, () => String.fromCharCode((at += step)));
};
const random = () => times(1, 12, () => one(ASCII));
const digits = () => times(1, 6, () => String(below(10)));
const other = () => times(1, 8, () => one(OTHERS));
const repeated = (draw) => draw().slice(0, 5).repeat(2 + below(3));
const own = () => one([one(INPUTS), one(["ada", "lovelace", "engine", "größe"])]);

const KINDS = [
  word,
  () => capitals(word()),
  () => signs(word()),
  () => signs(capitals(word())),
  () => [...word()].reverse().join(""),
  keys,
  date,
  sequence,
  random,
  digits,
  other,
  () => String(1900 + below(200)),
  () => repeated(one([word, keys, date, digits, random, () => one(ASCII)])),
  () => own(),
  () => capitals(own()),
  () => signs(own()),
  () => [...own()].reverse().join(""),
];
const EXAMPLES = [
  ..."a A 1 @ i aa ab é".split(" "),
  ..."zxcvbn qwER43@! Tr0ub4dour&3 correcthorsebatterystaple coRrecth0rseba++ery9.23.2007staple$".split(" "),
  ..."p@ssword p@$$word 123456 123456789 11111 aaaaaaaaaaaa aabaabaab abababab aabcd".split(" "),
  ..."PASSWORD1 4A4 P4SS".split(" "),
  ..."D0g.................. abcdefghijk987654321 neverforget13/3/1997 1qaz2wsx3edc".split(" "),
  ..."temppass22 briansmith".split(" "),
  ..."Sh1n1ngPh0en1x rianjohnson00 rockyou2015 ScoRpi0ns do you know hunter2 [[[ ]p[ =-0 {P}".split(" "),
  ..."1/1/91 11.11.2011 1991-12-20 20/12-1991 13/13/13 00/00/00 1.1.1 02022002 111504 99999999".split(" "),
  ..."sdrowssap drowssap".split(" "),
  "correct horse battery staple",
  "eheuczkqyq",
  "rWibMFACxAUGZmxhVncy",
  "Ba9ZyWABu99[BK#6MBgbH88Tofv)vs$w",
  "0123456789".repeat(10),
  "ab".repeat(50),
];

const isCounted = (text) =>
  text.length > 0 &&
  matching.enumerate_l33t_subs(matching.relevant_l33t_subtable(text, Object.fromEntries(
    Object.entries(SIGNS).map(([letter, signs]) => [letter, [...signs]])))).length <= 16;

const passwords = new Set(EXAMPLES);
for (const kind of KINDS) for (let drawn = 0; drawn < 50; drawn++) passwords.add(kind());
while (passwords.size < 2100) passwords.add(times(2, 3, () => one(KINDS)()).slice(0, 32));

const NAMES = {
  ...{ dictionary: "word", spatial: "keyboard", repeat: "repetition", regex: "date" },
  bruteforce: "unknown",
};
const rows = [...passwords].filter(isCounted).map((password) => {
  const { guesses, score, sequence } = zxcvbn(password, INPUTS);
  const parts = sequence.map(({ pattern, token }) => `${NAMES[pattern] ?? pattern} ${token.length}`);
  return JSON.stringify([password, guesses, score, parts.join(", ")]);
});
const text = `{"inputs": ${JSON.stringify(INPUTS)},\n"rows": [\n${rows.join(",\n")}\n]}\n`;
writeFileSync(new URL("strength.json", import.meta.url), text);
