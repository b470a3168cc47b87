/** How long a test with real parts may take: a limit for what hangs, not a measure of how long anything should take. */
jest.setTimeout(120_000);
