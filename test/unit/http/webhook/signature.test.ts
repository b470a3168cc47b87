import { isSame, isSigned, signatureOf } from '../../../../deploy/http/webhook/signature';

// the example of https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
const SECRET = "It's a Secret to Everybody";
const BODY = Buffer.from('Hello, World!');
const HEADER = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';

test("the signature of GitHub's own example is the documented one", () => {
  expect(signatureOf(SECRET, BODY)).toBe(HEADER);
  expect(isSigned(SECRET, BODY, HEADER)).toBe(true);
});

test('a signature is invalid for any other body, secret or length', () => {
  expect(isSigned(SECRET, Buffer.from('Hello, World?'), HEADER)).toBe(false);
  expect(isSigned(`${SECRET}.`, BODY, HEADER)).toBe(false);
  expect(isSigned(SECRET, BODY, HEADER.slice(0, -1))).toBe(false);
  expect(isSigned(SECRET, BODY, undefined)).toBe(false);
});

test('two bodies that decode to the same text have different signatures', () => {
  const [one, other] = [Buffer.from([0xff]), Buffer.from([0xfe])];
  expect(one.toString()).toBe(other.toString());
  expect(isSigned(SECRET, one, signatureOf(SECRET, other))).toBe(false);
});

test('a token is the secret only if every byte is the same', () => {
  expect(isSame(SECRET, SECRET)).toBe(true);
  for (const other of ['', SECRET.slice(1), `${SECRET} `, SECRET.toLowerCase()])
    expect(isSame(SECRET, other)).toBe(false);
});
