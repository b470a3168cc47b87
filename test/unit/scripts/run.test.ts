import { run } from '../../../scripts/lib/run';

test("what npm start runs for a person does not see the webhook's secret", async () => {
  process.env.WEBHOOK_SECRET = 'none of its business';
  try {
    const { lines } = await run(process.execPath, ['-p', 'String(process.env.WEBHOOK_SECRET)']);
    expect(lines).toEqual(['undefined']);
  } finally {
    delete process.env.WEBHOOK_SECRET;
  }
});
