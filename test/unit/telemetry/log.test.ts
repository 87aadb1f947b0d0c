// The log: its shape, and what it never shows.
import { test } from 'tap';
import { createLogger } from '../../../lib/telemetry/log.ts';

/** Lines as a reader of the log gets them. */
function capture(level: 'info' | 'warn' = 'info') {
  const lines: string[] = [];
  const logger = createLogger({ name: 'warren-test', level, destination: { write: (line) => void lines.push(line) } });
  return { logger, lines, parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test('an event is one line of JSON with its level by name and its time in UTC', async (t) => {
  const { logger, parsed } = capture();
  logger.info({ network: 'blue' }, 'network\nready');
  t.match(parsed(), [
    { level: 'info', name: 'warren-test', network: 'blue', msg: 'network\nready', time: /^\d{4}-.*Z$/ },
  ]);
});

test('events below the level are left out', async (t) => {
  const { logger, lines } = capture('warn');
  logger.info('quiet');
  logger.warn('loud');
  t.equal(lines.length, 1);
});

test('an error is logged with its message, its stack and its cause', async (t) => {
  const { logger, lines } = capture();
  logger.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed');
  t.match(lines[0], /"message":"outer: inner"/);
  t.match(lines[0], /log\.test\.ts/);
});

test('secrets do not reach the log, however they are nested', async (t) => {
  const secret = 'c2VjcmV0LWtleQ==';
  const cases: Record<string, unknown>[] = [
    { token: secret },
    { headers: { authorization: `Bearer ${secret}` } },
    { request: { headers: { Authorization: `Bearer ${secret}` } } },
    { object: { kind: 'Secret', data: { epoch: secret } } },
    { stringData: { key: secret } },
    { epoch: { privateKey: secret } },
    { sa: { keyMaterial: secret } },
    { user: { password: secret } },
  ];
  for (const fields of cases) {
    const { logger, lines } = capture();
    logger.info(fields, 'event');
    t.notMatch(lines[0], secret, `logged ${Object.keys(fields).join()}`);
    t.match(lines[0], '[redacted]');
  }
});
