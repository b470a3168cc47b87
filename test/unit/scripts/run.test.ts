import { run } from '../../../scripts/lib/run';

test("the commands of npm start do not get the webhook's secret", async () => {
  process.env.WEBHOOK_SECRET = 'none of its business';
  try {
    const { lines } = await run(process.execPath, ['-p', 'String(process.env.WEBHOOK_SECRET)']);
    expect(lines).toEqual(['undefined']);
  } finally {
    delete process.env.WEBHOOK_SECRET;
  }
});
