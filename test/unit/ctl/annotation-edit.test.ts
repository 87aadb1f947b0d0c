import fc from 'fast-check';
import { test } from 'tap';
import { parsePodNetworks } from '../../../lib/api/pod-networks.ts';
import { addNetwork, networksIn, removeNetwork } from '../../../lib/ctl/annotation-edit.ts';
import {
  annotationPatch,
  parseWorkload,
  templateAnnotation,
  workloadKinds,
  workloadText,
} from '../../../lib/ctl/workload.ts';

const plain = { ips: [], aliases: [] };
const ANNOTATION = 'warren.dev/networks';

test('a network is added, and what was there stays as it was', (t) => {
  const cases: readonly (readonly [string | undefined, object, string])[] = [
    [undefined, {}, 'blue'],
    ['', {}, 'blue'],
    ['green', {}, 'green,blue'],
    ['green@back, red', {}, 'green@back,red,blue'],
    ['green@net2', {}, 'green@net2,blue@net3'],
    ['green', { interface: 'db0' }, 'green,blue@db0'],
    [
      'green',
      { ips: ['10.0.0.9'] },
      '[{"name":"green","interface":"net1"},{"name":"blue","interface":"net2","ips":["10.0.0.9"]}]',
    ],
    [
      '[{"name":"green","mac":"02:00:00:00:00:01","aliases":["x"],"ips":["10.1.0.2/24"]}]',
      {},
      '[{"name":"green","interface":"net1","ips":["10.1.0.2/24"],"mac":"02:00:00:00:00:01","aliases":["x"]},{"name":"blue","interface":"net2"}]',
    ],
  ];
  for (const [before, more, after] of cases) {
    const edited = addNetwork(before, { network: 'blue', ...plain, ...more });
    t.equal(edited.ok ? edited.value.text : edited.error, after);
  }
  t.end();
});

test('a network is removed, and the others keep their interfaces', (t) => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['blue', undefined],
    ['blue,green', 'green@net2'],
    ['green,blue', 'green'],
    ['blue,blue@x,green', 'green@net3'],
    [
      '[{"name":"blue"},{"name":"green","ips":["10.0.0.2"]}]',
      '[{"name":"green","interface":"net2","ips":["10.0.0.2"]}]',
    ],
  ];
  for (const [before, after] of cases) {
    const edited = removeNetwork(before, 'blue');
    t.equal(edited.ok ? edited.value.text : edited.error, after);
  }
  t.end();
});

test('what cannot be done is refused, and says how it is', (t) => {
  const errors = [
    [addNetwork('blue', { network: 'blue', ...plain }), /it is on network blue already, as net1/],
    [addNetwork('a@b@c', { network: 'blue', ...plain }), /write NETWORK or NETWORK@INTERFACE.*correct it first/],
    [addNetwork('', { network: 'blue', ...plain, ips: ['10.0.0'] }), /"10\.0\.0" is not an IP/],
    [addNetwork('', { network: 'blue', ...plain, mac: 'x' }), /not a unicast MAC/],
    [addNetwork('green', { network: 'blue', ...plain, interface: 'net1' }), /both name the interface/],
    [addNetwork('', { network: 'blue', ...plain, interface: 'eth0' }), /is taken in every pod/],
    [removeNetwork('green,red', 'blue'), /not on network blue, but on green, red/],
    [removeNetwork('', 'blue'), /but on none/],
  ] as const;
  for (const [edited, message] of errors) t.match(edited.ok ? 'accepted' : edited.error, message);
  t.end();
});

test('adding and removing again leaves the same interfaces, whatever was there', (t) => {
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const entry = fc.oneof(
    name,
    name.map((one) => `${one}@if-${one}`),
  );
  fc.assert(
    fc.property(fc.uniqueArray(entry, { selector: (one) => one[0] }), (entries) => {
      const before = entries.join(',');
      const added = addNetwork(before, { network: 'blue', ...plain });
      const removed = added.ok ? removeNetwork(added.value.text, 'blue') : added;
      if (!removed.ok) throw new Error(removed.error);
      t.strictSame(parsePodNetworks(removed.value.text ?? ''), parsePodNetworks(before));
    }),
  );
  t.end();
});

test('workloads are named as for kubectl', (t) => {
  for (const [text, wanted] of [
    ['deployment/web', 'deployment.apps/web'],
    ['deploy/web', 'deployment.apps/web'],
    ['deployments.apps/web', 'deployment.apps/web'],
    ['sts/db', 'statefulset.apps/db'],
    ['ds/x', 'daemonset.apps/x'],
    ['CronJob/x', 'cronjob.batch/x'],
    ['po/x', 'pod/x'],
  ] as const) {
    const parsed = parseWorkload(text);
    t.equal(parsed.ok ? workloadText(parsed.value) : parsed.error, wanted);
  }
  for (const [text, message] of [
    ['web', /write KIND\/NAME/],
    ['deployment/', /write KIND\/NAME/],
    ['a/b/c', /write KIND\/NAME/],
    ['deploymnt/web', /did you mean deployment/],
    ['deployment.batch/web', /is no kind that makes pods/],
    ['node/n1', /is no kind that makes pods/],
  ] as const) {
    const parsed = parseWorkload(text);
    t.match(parsed.ok ? 'accepted' : parsed.error, message);
  }
  t.end();
});

test('the patch goes where the pod template is, and names the version that it was made for', (t) => {
  const metadata = { name: 'x', uid: 'u', resourceVersion: '7' };
  for (const kind of workloadKinds) {
    const patch = annotationPatch({ metadata }, kind, ANNOTATION, 'blue');
    t.match(patch, { metadata: { resourceVersion: '7' } });
    t.equal(
      templateAnnotation(
        { ...patch, metadata: { ...metadata, ...(patch as typeof metadata & { metadata: object }).metadata } },
        kind,
        ANNOTATION,
      ),
      'blue',
      kind.resource.kind,
    );
    t.equal(templateAnnotation({ metadata }, kind, ANNOTATION), undefined);
  }
  t.strictSame(networksIn('blue,green@x'), ['blue', 'green']);
  t.strictSame(networksIn('not@@valid'), []);
  t.end();
});
