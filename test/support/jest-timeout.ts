/** The test timeout on a busy machine: it stops tests that hang and is not a performance bound. */
jest.setTimeout(120_000);
