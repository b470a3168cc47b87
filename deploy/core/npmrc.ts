/** The variables that a .npmrc refers to: `//npm.example/:_authToken=${NPM_TOKEN}`. Pure. */

interface Reference {
  name: string;
  /** True for a credential: it does not affect which packages are installed. */
  isCredential: boolean;
  /** npm replaces `${NAME?}` with nothing when NAME is not set. */
  isOptional: boolean;
}

/** npm's own pattern; a backslash in front makes the reference plain text. */
const REFERENCE = /(?<!\\)(\\*)\$\{([^${}?]+)(\?)?\}/g;
const CREDENTIAL = /(^|:)(_auth|_authToken|_password|username|email|otp|certfile|keyfile|cert|key)$/;
/** Variables that npm and Node read themselves and that affect only the connection to the registry. */
const CONNECTION = /^((https?|no)_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|npm_config_(_auth|otp))$/i;

/** The referenced names that npm needs and that are not set. @param set the names that are set */
export function unsetIn(npmrcs: string[], set: (name: string) => boolean): string[] {
  const needed = referencesIn(npmrcs).filter(({ isOptional }) => !isOptional);
  return [...new Set(needed.map(({ name }) => name))].filter((name) => !set(name));
}

/** True for a variable that may change which packages are installed, or what they contain. */
export function changesPackages(npmrcs: string[], variable: string): boolean {
  if (CONNECTION.test(variable)) return false;
  const uses = referencesIn(npmrcs).filter(({ name }) => name === variable);
  return uses.length === 0 || uses.some(({ isCredential }) => !isCredential);
}

function referencesIn(npmrcs: string[]): Reference[] {
  const lines = npmrcs.flatMap((text) => text.split(/\r?\n/)).filter((line) => !/^\s*[#;]/.test(line));
  return lines.flatMap((line) => {
    const key = line.split('=', 1)[0]?.trim() ?? '';
    return [...line.matchAll(REFERENCE)].flatMap(([, escapes = '', name = '', optional]) =>
      escapes.length % 2 === 1
        ? []
        : [{ name, isCredential: CREDENTIAL.test(key), isOptional: optional !== undefined }],
    );
  });
}
