import { test } from 'tap';
import { networkFields, networkHeaders } from '../../../lib/ctl/network-fields.ts';
import { parseListFormat } from '../../../lib/ctl/list-format.ts';
import { compileTemplate } from '../../../lib/ctl/template.ts';
import type { Value } from '../../../lib/ctl/template-value.ts';
import { network } from './objects.ts';

const value: Value = {
  Name: 'blue',
  Internal: false,
  Count: 2,
  Labels: new Map([
    ['team', 'a'],
    ['app.kubernetes.io/part', 'b'],
  ]),
  IPAM: { Driver: 'default', Options: null, Config: [{ Subnet: '10.0.0.0/24' }, { Subnet: 'fd00::/64' }] },
  Containers: new Map([
    ['c2', { Name: 'web-2' }],
    ['c1', { Name: 'web-1' }],
  ]),
  None: [],
};

const good: readonly (readonly [template: string, text: string])[] = [
  ['{{.Name}}', 'blue'],
  ['{{ .Name }} is {{.Internal}}', 'blue is false'],
  ['{{json .Name}}', '"blue"'],
  ['{{json .Labels}}', '{"app.kubernetes.io/part":"b","team":"a"}'],
  ['{{json .IPAM.Config}}', '[{"Subnet":"10.0.0.0/24"},{"Subnet":"fd00::/64"}]'],
  ['{{.Name | json}}', '"blue"'],
  ['{{.IPAM.Driver | upper | printf "%s!"}}', 'DEFAULT!'],
  ['{{(index .IPAM.Config 0).Subnet}}', '10.0.0.0/24'],
  ['{{index .Labels "app.kubernetes.io/part"}}', 'b'],
  ['{{index .Labels "other"}}', ''],
  ['{{.Labels.team}}', 'a'],
  ['{{.Labels}}', 'map[app.kubernetes.io/part:b team:a]'],
  ['{{range .IPAM.Config}}{{.Subnet}} {{end}}', '10.0.0.0/24 fd00::/64 '],
  ['{{range .Containers}}{{.Name}},{{end}}', 'web-1,web-2,'],
  ['{{range $id, $one := .Containers}}{{$id}}={{$one.Name}};{{end}}', 'c1=web-1;c2=web-2;'],
  ['{{range $i, $one := .IPAM.Config}}{{if $i}}, {{end}}{{$one.Subnet}}{{end}}', '10.0.0.0/24, fd00::/64'],
  ['{{range .None}}x{{else}}none{{end}}', 'none'],
  ['{{range .Containers}}{{$.Name}} {{end}}', 'blue blue '],
  ['{{if .Internal}}in{{else if eq .Name "blue"}}blue{{else}}out{{end}}', 'blue'],
  ['{{if and .Name (not .Internal)}}yes{{end}}', 'yes'],
  ['{{with .IPAM}}{{.Driver}}{{end}}', 'default'],
  ['{{$n := .Name}}{{$n}}', 'blue'],
  ['{{len .Containers}} {{len .Name}}', '2 4'],
  ['{{.IPAM.Options}}', '<no value>'],
  ['a {{- .Name -}} b', 'ablueb'],
  ['{{/* a remark */}}x', 'x'],
  ['{{"}}"}}{{`\\n`}}', '}}\\n'],
  ['{{println .Name .Count}}', 'blue 2\n'],
  ['{{printf "%-6s|%5s|%q" .Name .Count .Name}}', 'blue  |    2|"blue"'],
  ['{{join (split "a,b" ",") "-"}} {{title "ab"}} {{truncate .Name 2}}', 'a-b Ab bl'],
];

const bad: readonly (readonly [template: string, message: RegExp])[] = [
  ['{{.Name', /is not closed/],
  ['{{.Nmae}}', /there is no field \.Nmae: it has Name, Internal/],
  ['{{.Name.First}}', /there is no field \.First: blue has no fields/],
  ['{{Name}}', /"Name" is no function: a field starts with a dot/],
  ['{{range .Name}}{{end}}', /only lists and maps can be walked/],
  ['{{range .Containers}}', /has no \{\{end\}\}/],
  ['{{end}}', /closes nothing/],
  ['{{if}}x{{end}}', /names nothing to show/],
  ['{{.Name .Count}}', /has more than one value/],
  ['{{(.Name}}', /"\(" without a "\)"/],
  ['{{.Name ~ }}', /means nothing here/],
  ['{{$x}}', /\$x is not set/],
  ['{{index .IPAM.Config 7}}', /has no such element/],
  ['{{constructor}}', /is no function/],
  ['{{.constructor}}', /there is no field \.constructor/],
];

test('templates show what docker shows with them', (t) => {
  for (const [text, wanted] of good) {
    const template = compileTemplate(text);
    if (!template.ok) t.fail(`${text}: ${template.error}`);
    else t.equal(template.value(value), wanted, text);
  }
  t.end();
});

test('a mistake in a template is named', (t) => {
  for (const [text, message] of bad) {
    const render = (): string => {
      const template = compileTemplate(text);
      if (!template.ok) throw new Error(template.error);
      return template.value(value);
    };
    t.throws(render, { message }, text);
  }
  t.end();
});

const listed = (format: string): string => {
  const fields = ['blue', 'a-longer-one'].map((name) => networkFields(network(name), new Date(), 'short'));
  const parsed = parseListFormat(format, { standard: '{{.ID}}\t{{.Name}}', headers: networkHeaders });
  return parsed.ok ? parsed.value(fields) : parsed.error;
};

test('a list has a line each, a table its headers, json an object a line', (t) => {
  t.equal(listed('{{.Name}}: {{.Driver}}'), 'blue: overlay\na-longer-one: overlay');
  t.equal(
    listed('table {{.Name}}\\t{{.Scope}}'),
    'NAME           SCOPE\nblue           cluster\na-longer-one   cluster',
  );
  t.equal(listed('table').split('\n')[0], 'NETWORK ID     NAME');
  const rows = listed('json').split('\n');
  t.equal((JSON.parse(rows[1]!) as { Name: string }).Name, 'a-longer-one');
  t.match(listed('{{.Name'), /--format: .*not closed/);
  t.end();
});
