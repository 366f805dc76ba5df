// One JSON line for each test, for harness/run.py.
export default async function* report(events) {
  for await (const { type, data } of events) {
    if ((type !== 'test:pass' && type !== 'test:fail') || data.details.type === 'suite') continue;
    const cause = data.details.error?.cause ?? data.details.error;
    yield JSON.stringify({
      name: data.name,
      ok: type === 'test:pass',
      seconds: data.details.duration_ms / 1000,
      detail: cause?.stack ?? String(cause ?? ''),
    }) + '\n';
  }
}
