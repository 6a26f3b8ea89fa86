import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../../node-red/', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(`${folder}${path}`, 'utf8');
const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

type Catalogue = Readonly<Record<string, unknown>>;

/** Every text of a catalogue, by its whole name. */
function names(tree: Catalogue, before = ''): string[] {
  return Object.entries(tree).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null
      ? names(value as Catalogue, `${before}${name}.`)
      : [`${before}${name}`],
  );
}

const LANGUAGES = ['pt-BR', 'en-US'];
const forms = readdirSync(`${folder}editor`)
  .map((name) => read(`editor/${name}`))
  .join('\n');
const sources = readdirSync(`${folder}src`)
  .map((name) => read(`src/${name}`))
  .join('\n');
const types = [...forms.matchAll(/registerType\('([\w-]+)'/g)].map(([, type]) => type);

describe.each(LANGUAGES)('the texts in %s', (language) => {
  const catalogue = names(json(`${folder}locales/${language}/kvs.json`) as Catalogue).sort();

  it('are those that forms and nodes ask for, and no others', () => {
    const asked = [
      ...[...forms.matchAll(/data-i18n="(?:\[\w+\])?([\w.]+)"/g)],
      ...[...`${forms}${sources}`.matchAll(/_\('([\w.]+)'\)/g)],
    ].map(([, name = '']) => name);
    expect([...new Set(asked)].sort()).toEqual(catalogue);
  });

  it('help with every node', () => {
    const help = read(`locales/${language}/kvs.html`);
    expect([...help.matchAll(/data-help-name="([\w-]+)"/g)].map(([, type]) => type).sort()).toEqual(
      types.toSorted(),
    );
  });
});

describe('the forms', () => {
  it('are of the types that the runtime registers, and say the properties that have fields', () => {
    expect(types.length).toBe(6);
    for (const type of types) {
      expect(sources).toContain(`'${type}'`);
      const form = read(`editor/${type}.html`);
      const fields = [...form.matchAll(/id="node-(?:config-)?input-(\w+)"/g)].map(([, name]) => name);
      const said = [...form.matchAll(/^ {8}(\w+): \{/gm)].map(([, name]) => name);
      const secret = [...form.matchAll(/credentials: \{ (\w+):/g)].map(([, name]) => name);
      expect([type, ...fields.sort()]).toEqual([type, ...[...said, ...secret].sort()]);
    }
  });
});

describe('the package', () => {
  it('needs the gRPC that the product needs, and has its version', () => {
    const [own, product] = [json(`${folder}package.json`), json(`${root}package.json`)] as {
      version: string;
      engines: object;
      dependencies: Record<string, string>;
    }[];
    expect(own?.version).toBe(product?.version);
    expect(own?.engines).toEqual(product?.engines);
    for (const [name, version] of Object.entries(own?.dependencies ?? {}))
      expect([name, version]).toEqual([name, product?.dependencies[name]]);
  });
});
