/**
 * Estimates how many guesses a secret withstands, in bits. Words, keyboard rows, counting, dates and repetitions add
 * few bits, because an attacker tries them first. All other characters count as random characters of their kind. Pure.
 */

/** Words of passwords, examples and tutorials. */
const COMMON = new Set(
  (
    'a abc access account admin administrator app auth battery change changeme code computer correct default demo ' +
    'deploy dev development dragon everybody example football foobar foo bar baz github gitea gitlab hello here hook ' +
    'horse hunter in insert is it its key letmein life live local localhost login london love main manager master me ' +
    'monkey my new not old open pass passphrase passwd password please princess private prod production project ' +
    'push qwerty random replace root s safe secret secrets secure security server shadow shared sign signature ' +
    'something staple string summer sunshine super superman switchyard system temp test testing text the this to ' +
    'token top trustno unset user value very web webhook webhooks welcome winter with word world your yours'
  ).split(' '),
);
/** Words from this length on are also found inside others: `mysecretkey`. */
const LONG_COMMON = [...COMMON].filter((word) => word.length >= 4).sort((a, b) => b.length - a.length);
/** Rows and columns of keyboards. */
const ROWS = [
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  '1234567890',
  'qwertzuiop',
  'azertyuiop',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.',
  'qazwsxedcrfvtgbyhnujmik,ol.',
];
const LEET: Record<string, string> = {
  '0': 'o',
  '1': 'l',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
};

const BITS = { common: 7, word: 13, row: 8, counting: 8, year: 6, repeated: 8, run: 3, separator: 2 };
/** Longer runs of letters are random more often than words. */
const LONGEST_WORD = 10;
const BITS_A_LETTER = 2.5;

/** The estimate in bits: 128 for 32 random hexadecimal digits, 14 for `secret-secret`. */
export function strengthOf(secret: string): number {
  const alphabet = Math.log2(alphabetOf(secret));
  const search = alphabet > Math.log2(16) ? [...ALWAYS, common, word] : ALWAYS;
  let bits = 0;
  let afterKnown = false;
  for (let at = 0; at < secret.length;) {
    const known = bestOf(search, secret, at);
    const isKnown = known !== null && known.cost < known.length * alphabet;
    const isSeparator = afterKnown && /[\s._'-]/.test(secret[at] ?? '');
    const { length, cost } = isKnown ? known : { length: 1, cost: isSeparator ? BITS.separator : alphabet };
    bits += cost;
    at += length;
    afterKnown = isKnown;
  }
  return bits;
}

interface Known {
  length: number;
  cost: number;
}
type Search = (secret: string, at: number) => Known[];
/** Digits and hexadecimal digits form words only by chance. */
const ALWAYS: Search[] = [run, repeated, counting, row, year];

/** The known part starting here that saves an attacker the most guesses; null if there is none. */
function bestOf(search: Search[], secret: string, at: number): Known | null {
  const found = search.flatMap((each) => each(secret, at));
  return found.sort((a, b) => b.length / b.cost - a.length / a.cost)[0] ?? null;
}

/** A repetition of earlier text: `aaaa`, `abcabc`. */
function repeated(secret: string, at: number): Known[] {
  let longest = 0;
  for (let from = 0; from < at; from += 1) {
    let length = 0;
    while (at + length < secret.length && secret[from + length] === secret[at + length]) length += 1;
    longest = Math.max(longest, length);
  }
  return longest >= 4 || (longest === 3 && /^(.)\1{3}/.test(secret.slice(at - 1)))
    ? [{ length: longest, cost: BITS.repeated }]
    : [];
}

/** The rest of `aaaa`. */
function run(secret: string, at: number): Known[] {
  const [text = ''] = /^(.)\1{3,}/.exec(secret.slice(Math.max(0, at - 1))) ?? [];
  return at > 0 && text !== '' ? [{ length: text.length - 1, cost: BITS.run }] : [];
}

/** `abcd`, `4321`, `2468`. */
function counting(secret: string, at: number): Known[] {
  const step = secret.charCodeAt(at + 1) - secret.charCodeAt(at);
  if (!(Math.abs(step) <= 2) || step === 0) return [];
  let length = 2;
  while (secret.charCodeAt(at + length) - secret.charCodeAt(at + length - 1) === step) length += 1;
  return length >= 4 ? [{ length, cost: BITS.counting }] : [];
}

function row(secret: string, at: number): Known[] {
  const rest = secret.slice(at).toLowerCase();
  const lengths = ROWS.flatMap((keys) => [keys, [...keys].reverse().join('')]).map((keys) => {
    const from = keys.indexOf(rest[0] ?? ' ');
    let length = 0;
    while (from >= 0 && length < rest.length && keys[from + length] === rest[length]) length += 1;
    return length;
  });
  const length = Math.max(...lengths);
  return length >= 4 ? [{ length, cost: BITS.row }] : [];
}

function year(secret: string, at: number): Known[] {
  return /^(19|20)\d\d/.test(secret.slice(at)) ? [{ length: 4, cost: BITS.year }] : [];
}

/** A whole word in any case, even with digits for letters; a long word even inside others. */
function common(secret: string, at: number): Known[] {
  const rest = secret.slice(at).toLowerCase();
  const plain = [...rest].map((character) => LEET[character] ?? character).join('');
  const [whole = ''] = /^[a-z]+/.exec(rest) ?? [];
  const isStart = at === 0 || !/[a-z]/i.test(secret[at - 1] ?? '');
  if (isStart && COMMON.has(whole)) return [{ length: whole.length, cost: BITS.common }];
  const inside = LONG_COMMON.find((each) => rest.startsWith(each) || plain.startsWith(each));
  return inside === undefined ? [] : [{ length: inside.length, cost: BITS.common }];
}

/** Letters that look like a word: lower case except for the first letter, with a natural share of vowels. */
function word(secret: string, at: number): Known[] {
  if (at > 0 && /[a-z]/.test(secret[at] ?? '') && /[a-z]/i.test(secret[at - 1] ?? '')) return [];
  const [text = ''] = /^(?:[A-Za-z][a-z]+|[A-Z]+(?![a-z]))/.exec(secret.slice(at)) ?? [];
  const { length } = text;
  if (length < 3 || length > LONGEST_WORD || !isPronounceable(text.toLowerCase())) return [];
  return [{ length, cost: Math.max(BITS.word, BITS_A_LETTER * length) }];
}

function isPronounceable(text: string): boolean {
  const vowels = text.replace(/[^aeiouy]/g, '').length / text.length;
  return (
    vowels >= 0.2 && vowels <= 0.7 && !/[^aeiouy]{4}|[aeiou]{4}|[jqxz][^aeiouyz]|[^aeiouy]{2}[jqx]/.test(text)
  );
}

/** The number of possible characters of this kind. */
function alphabetOf(secret: string): number {
  if (/^\d*$/.test(secret)) return 10;
  if (/^([0-9a-f]*|[0-9A-F]*)$/.test(secret)) return 16;
  const kinds: [RegExp, number][] = [
    [/[a-z]/, 26],
    [/[A-Z]/, 26],
    [/\d/, 10],
    [/[^a-zA-Z\d]/, 20],
  ];
  return Math.max(
    2,
    kinds.reduce((sum, [kind, size]) => sum + (kind.test(secret) ? size : 0), 0),
  );
}
