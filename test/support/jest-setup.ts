/** Settings of every test, on every machine. */

// on a busy machine this stops tests that hang; it is not a performance bound
jest.setTimeout(120_000);

// the result must not depend on the terminal or service in which the tests run
for (const name of ['CI', 'FORCE_COLOR', 'NO_COLOR', 'LC_ALL', 'LC_MESSAGES']) delete process.env[name];
process.env.LANG = 'C.UTF-8';
