import { addNetns, run } from '../fresh-netns.ts';
import { test } from 'tap';
import type { NftTable } from '../../../lib/dataplane/nft.ts';
import { renderObject } from '../../../lib/dataplane/text.ts';
import { createNftDriver } from '../../../lib/kernel/nft/driver.ts';
import { withNetns } from '../../../lib/kernel/netns/enter.ts';
import { hostObjects, networkObjects } from './tables.ts';

/** One statement a line; the layout, and what counters have counted, are nft's. */
const lines = (text: string): string[] =>
  text
    .replaceAll(/ packets \d+ bytes \d+/g, '')
    .split('\n')
    .flatMap((line) => line.split(/(?<=[{;])|(?=\})/))
    .map((part) => part.trim().replace(/;$/, ''))
    .filter((part) => part !== '');

void test('our text of a table is what nft lists', async (t) => {
  const tables = [...hostObjects, ...networkObjects].filter((object) => object.kind === 'nft-table');
  t.ok(tables.length > 2);
  for (const [at, object] of tables.entries()) {
    const netns = addNetns(`t${at}`);
    const table: NftTable = { ...object, netns };
    const [error] = await createNftDriver().apply(netns, [{ kind: 'create', object: table }], (inNetns) =>
      withNetns(netns, inNetns),
    );
    t.equal(error, undefined);
    const listed = run('ip', 'netns', 'exec', `t${at}`, 'nft', '-y', 'list', 'table', table.family, table.name);
    t.strictSame(lines(renderObject(table).replace(/^nft /, '')), lines(listed));
  }
});
