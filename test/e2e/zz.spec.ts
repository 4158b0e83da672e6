import { startTestApp } from '../support/test-app.js';
it('x', async () => {
  const test = await startTestApp({ });
  console.error(test.logLines.filter(l=>!l.includes('"debug"')).join(''));
  console.error([...new Set(test.logLines.map(l=>(JSON.parse(l) as any).context))]);
  await test.close();
});
