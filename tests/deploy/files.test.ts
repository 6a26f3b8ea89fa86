import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const lines = (path: string): string[] => read(path).split('\n');

/** What a server takes, as the guide lists it. */
const options = read('docs/guia/opcoes.md').split('## Cliente')[0]!;
const HEALTH = read('src/doors/http/pages.ts') + read('src/doors/start.ts');

interface Container {
  readonly args?: string[];
  readonly env?: { readonly name: string; readonly value?: string }[];
  readonly ports: { readonly name: string; readonly containerPort: number }[];
  readonly readinessProbe: { readonly httpGet?: { readonly path: string; readonly port: string } };
  readonly volumeMounts: { readonly name: string; readonly mountPath: string }[];
}
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: { readonly port: number; readonly targetPort: string }[];
    readonly template?: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: { readonly containers: Container[]; readonly volumes: { readonly name: string }[] };
    };
  };
  readonly data?: Readonly<Record<string, string>>;
}

/** Which of these variables no server knows. */
function unknownVariables(names: readonly string[]): string[] {
  return names.filter((name) => name.startsWith('KVS_') && !options.includes(`\`${name}\``));
}

/** The files in /segredos that a text names, sorted. */
function secretsIn(text: string): string[] {
  return [...new Set([...text.matchAll(/\/segredos\/([\w.-]+)/g)].map(([, name]) => name!))].sort();
}

describe('deploy/kubernetes', () => {
  const manifests = readdirSync(join(root, 'deploy/kubernetes')).flatMap((name) =>
    parseAllDocuments(read(`deploy/kubernetes/${name}`)).map((document) => {
      expect(document.errors).toEqual([]);
      return document.toJS() as Manifest;
    }),
  );
  const workloads = manifests.filter(({ kind }) => kind === 'StatefulSet' || kind === 'Deployment');
  const server = workloads.find(({ kind }) => kind === 'StatefulSet')!.spec.template!.spec.containers[0]!;

  it('has the fields that Kubernetes has, and no others', () => {
    const found = manifests.map((manifest, at) => {
      const [group, version = 'v1'] = manifest.apiVersion.includes('/')
        ? manifest.apiVersion.replace('.k8s.io', '').split('/')
        : ['core'];
      const type = `import('kubernetes-types/${group}/${version}').${manifest.kind}`;
      return `export const m${at}: ${type} = ${JSON.stringify(manifest)};`;
    });
    const path = join(root, 'tests/deploy/manifests.ts');
    const compiler = {
      strict: true,
      noEmit: true,
      types: [],
      moduleResolution: ts.ModuleResolutionKind.Node10,
    };
    const host = ts.createCompilerHost(compiler);
    const source = host.getSourceFile.bind(host);
    host.getSourceFile = (file, version) =>
      file === path ? ts.createSourceFile(file, found.join('\n'), version) : source(file, version);
    const diagnostics = ts.getPreEmitDiagnostics(ts.createProgram([path], compiler, host));
    expect(diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))).toEqual(
      [],
    );
  });

  it('starts servers with options and variables that they have', () => {
    expect(server.args![0]).toBe('servidor');
    for (const word of server.args!.filter((one) => one.startsWith('--')))
      expect(options).toContain(`\`${word} `);
    expect(unknownVariables(server.env!.map(({ name }) => name))).toEqual([]);
    expect(server.ports[0]!.containerPort).toBe(Number(server.args![1]));
  });

  it('asks for what servers answer, at ports that they have', () => {
    const { path, port } = server.readinessProbe.httpGet!;
    expect(HEALTH).toContain(`'${path}'`);
    expect(server.ports.map(({ name }) => name)).toContain(port);
    for (const { kind, metadata, spec } of manifests.filter((one) => one.kind === 'Service')) {
      const target = workloads.find(({ spec: { template } }) =>
        Object.entries(spec.selector!).every(([label, value]) => template!.metadata.labels[label] === value),
      );
      const container = target?.spec.template?.spec.containers[0];
      for (const { port: outer, targetPort } of spec.ports!) {
        const inner = container?.ports.find(({ name }) => name === targetPort);
        expect(inner?.containerPort, `${kind} ${metadata.name}`).toBe(outer);
      }
    }
    const broker = server.env!.find(({ name }) => name === 'KVS_BROKER')!.value!;
    const { hostname, port: brokerPort } = new URL(broker.replace('mqtts:', 'https:'));
    const service = manifests.find(({ kind, metadata }) => kind === 'Service' && metadata.name === hostname);
    expect(service?.spec.ports?.[0]?.port).toBe(Number(brokerPort));
  });

  it('mounts what it names, and says how the secret is made', () => {
    for (const { spec } of workloads) {
      const { containers, volumes } = spec.template!.spec;
      const there = [...volumes.map(({ name }) => name), 'dados'];
      for (const { name } of containers[0]!.volumeMounts) expect(there).toContain(name);
    }
    const said = [...read('deploy/kubernetes/kvs.yaml').matchAll(/--from-file=([\w.-]+)/g)].map(
      ([, name]) => name!,
    );
    const used = secretsIn(read('deploy/kubernetes/kvs.yaml') + read('deploy/kubernetes/broker.yaml'));
    expect(said.sort()).toEqual(used);
    const config = manifests.find(({ kind }) => kind === 'ConfigMap')!.data!['mosquitto.conf']!;
    expect(config.trim()).toBe(lines('deploy/docker/mosquitto.conf').slice(2).join('\n').trim());
  });
});

describe('deploy/docker', () => {
  const dockerfile = read('deploy/docker/Dockerfile');
  const compose = parse(read('deploy/docker/compose.yaml'), { merge: true }) as {
    readonly services: Readonly<
      Record<
        string,
        {
          readonly environment?: Readonly<Record<string, string>>;
          readonly ports?: string[];
          readonly volumes: string[];
          readonly read_only: boolean;
          readonly build?: { readonly context: string; readonly dockerfile: string };
        }
      >
    >;
    readonly volumes: Readonly<Record<string, null>>;
  };

  it('copies what exists and what is not ignored', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names]) =>
      names!.split(' '),
    );
    expect(copied.length).toBeGreaterThan(10);
    for (const name of copied) expect(existsSync(join(root, name)), name).toBe(true);
    const allowed = lines('deploy/docker/Dockerfile.dockerignore').flatMap(
      (line) => /^!(.+)/.exec(line)?.[1] ?? [],
    );
    expect(allowed.sort()).toEqual(copied.sort());
  });

  it('runs as a user, with words that the program takes', () => {
    expect(dockerfile).toMatch(/^USER 10001:10001$/m);
    const [, words] = /^CMD (\[.*\])$/m.exec(dockerfile) ?? [];
    const [command, port, ...flags] = JSON.parse(words!) as string[];
    expect([command, port]).toEqual(['servidor', '9000']);
    expect(dockerfile).toMatch(new RegExp(`^EXPOSE ${port}$`, 'm'));
    for (const flag of flags.filter((one) => one.startsWith('--'))) expect(options).toContain(`\`${flag} `);
  });

  it('starts three servers with variables that they have, on read-only roots', () => {
    const servers = Object.values(compose.services).filter(({ build }) => build !== undefined);
    expect(servers).toHaveLength(3);
    for (const { environment, ports, build, volumes } of servers) {
      expect(unknownVariables(Object.keys(environment!))).toEqual([]);
      expect(ports![0]).toMatch(new RegExp(`^127\\.0\\.0\\.1:\\d+:${environment!['KVS_PORTA']}$`));
      expect(existsSync(join(root, 'deploy/docker', build!.context, build!.dockerfile))).toBe(true);
      const [data] = volumes[0]!.split(':');
      expect(Object.keys(compose.volumes)).toContain(data);
    }
    for (const { read_only } of Object.values(compose.services)) expect(read_only).toBe(true);
    const made = lines('deploy/docker/compose.yaml')
      .filter((line) => line.startsWith('#'))
      .join('\n');
    for (const name of secretsIn(read('deploy/docker/compose.yaml') + read('deploy/docker/mosquitto.conf'))) {
      if (!/^(ca|servidor|servidor-chave)\.pem$/.test(name)) expect(made).toContain(name);
    }
  });

  it('has a broker that is set as the one for servers of other machines', () => {
    const settings = (path: string): string[] => lines(path).filter((line) => /^[a-z]/.test(line));
    const expected = settings('deploy/mosquitto/mosquitto-seguro.conf')
      .filter((line) => !line.startsWith('acl_file'))
      .map((line) =>
        line
          .replace('certificados/', '/segredos/')
          .replace(' mosquitto-senhas', ' /segredos/mosquitto-senhas'),
      );
    expect(settings('deploy/docker/mosquitto.conf')).toEqual(expected);
  });
});

it('deploy/systemd starts a server with options that it has', () => {
  const unit = read('deploy/systemd/kvs@.service');
  const [, words] = /^ExecStart=\S+ (.*)$/m.exec(unit) ?? [];
  expect(words).toMatch(/^servidor %i /);
  for (const [flag] of words!.matchAll(/--[\w-]+/g)) expect(options).toContain(`\`${flag} `);
  expect(unknownVariables([...unit.matchAll(/KVS_\w+/g)].map(([name]) => name))).toEqual([]);
});
