import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import type { ServiceDefinition } from '@grpc/proto-loader';
import { loadService } from '../../support/door-client.js';
import { keyValueDefinitions } from '../../support/keyvalue-client.js';
import { kvsDefinition } from '../../support/kvs-client.js';
import { kvStoreDefinition } from '../../support/kvstore-client.js';
import { MensagemClient } from '../../support/mensagem-client.js';
import { reflectionDefinition } from '../../support/reflection-client.js';
import { TermsClient } from '../../support/terms-client.js';
import type { Demands } from '../../support/terms-client.js';

/**
 * What a call asks for: to read or write a key, to walk over all of them, to read or write the portal's keys, to
 * administer the server, or only to be known.
 */
export type Need = 'read' | 'write' | 'walk' | 'portal read' | 'portal write' | 'administer' | 'known';

/** One call of one door. */
export interface Call {
  /** `service/method`, or `Mensagem/type` */
  readonly name: string;
  readonly needs: Need;
  /** `undefined`: `Mensagem`. */
  readonly service: ServiceDefinition | undefined;
  readonly method: string;
  request(key: string): object;
  /** Without it, an engine offers nothing of the kind. */
  readonly capability?: 'compares' | 'watches' | undefined;
}

type Requests = Readonly<Record<string, readonly [Need, (key: string) => object, Call['capability']?]>>;

function callsOf(service: string, definition: ServiceDefinition | undefined, requests: Requests): Call[] {
  return Object.entries(requests).map(([method, [needs, request, capability]]) => ({
    ...{ name: `${service}/${method}`, needs, service: definition, method, request, capability },
  }));
}

const pair = (chave: string) => ({ chave, valor: 'valor' });
const named = (chave: string) => ({ chave });
const kvs: Requests = {
  Insere: ['write', pair],
  Consulta: ['read', named],
  Remove: ['write', named],
  InsereVarias: ['write', pair],
  ConsultaVarias: ['read', named],
  RemoveVarias: ['write', named],
  Snapshot: ['walk', () => ({ versao: 0 })],
};

const val = (key: string) => ({ key, val: 'valor' });
const range = (key: string) => ({ fr: { key }, to: { key: `${key}z` } });
const keyValue: Requests = {
  Get: ['read', (key) => ({ key })],
  GetRange: ['read', range],
  GetAll: ['read', (key) => ({ key })],
  Put: ['write', val],
  PutAll: ['write', val],
  Trim: ['write', (key) => ({ key })],
  Del: ['write', (key) => ({ key })],
  DelRange: ['write', range],
  DelAll: ['write', (key) => ({ key })],
};

const kvStore: Requests = {
  Put: ['write', (key) => ({ key, value: 'valor' })],
  Get: ['read', (key) => ({ key })],
};

/** In an order in which all of them succeed for a key that has two versions. */
const loja: Requests = {
  GravaLote: ['write', (chave) => ({ pares: [pair(chave)] })],
  Grava: ['write', pair],
  Le: ['read', named],
  Historico: ['read', named],
  Lista: ['read', (prefixo) => ({ prefixo })],
  Conta: ['read', (prefixo) => ({ prefixo })],
  Compara: ['write', (chave) => ({ chave, versao: 2, valor: 'valor' }), 'compares'],
  Remove: ['write', named],
  Apara: ['write', named],
  Expira: ['write', named],
  Observa: ['read', (chave) => ({ chave, tudo: true }), 'watches'],
  Estado: ['known', () => ({})],
};

const copy: Requests = {
  Exporta: ['walk', () => ({})],
  // A value of its own each time: what stands there already is not written again.
  Importa: ['write', (chave) => ({ chave, valor: randomUUID(), versao: 1, ts: 1 })],
};

const reflection: Requests = { ServerReflectionInfo: ['known', () => ({ listServices: '' })] };

const student = { matricula: '11921BSI209', nome: 'Maria' };
const professor = { siape: '1234567', nome: 'Paulo' };
const discipline = { sigla: 'GBC074', nome: 'Sistemas', vagas: 3 };
const id = (text: string): (() => object) => {
  return () => ({ id: text });
};
const inClass = (idPessoa: string): (() => object) => {
  return () => ({ disciplina: discipline.sigla, idPessoa });
};

/** In an order in which all of them succeed; the reads are among them. */
const enrolment: Requests = {
  AdicionaProfessor: ['portal write', inClass(professor.siape)],
  AdicionaAluno: ['portal write', inClass(student.matricula)],
  DetalhaDisciplina: ['portal read', id(discipline.sigla)],
  ObtemDisciplinasProfessor: ['portal read', id(professor.siape)],
  ObtemDisciplinasAluno: ['portal read', id(student.matricula)],
  RemoveAluno: ['portal write', inClass(student.matricula)],
  RemoveProfessor: ['portal write', inClass(professor.siape)],
};
const creations: Requests = {
  NovoAluno: ['portal write', () => student],
  NovoProfessor: ['portal write', () => professor],
  NovaDisciplina: ['portal write', () => discipline],
};
const records: Requests = {
  EditaAluno: ['portal write', () => ({ ...student, nome: 'Maria Silva' })],
  ObtemAluno: ['portal read', id(student.matricula)],
  ObtemTodosAlunos: ['portal read', () => ({})],
  EditaProfessor: ['portal write', () => ({ ...professor, nome: 'Paulo Souza' })],
  ObtemProfessor: ['portal read', id(professor.siape)],
  ObtemTodosProfessores: ['portal read', () => ({})],
  EditaDisciplina: ['portal write', () => ({ ...discipline, vagas: 4 })],
  ObtemDisciplina: ['portal read', id(discipline.sigla)],
  ObtemTodasDisciplinas: ['portal read', () => ({})],
};
const removals: Requests = {
  RemoveAluno: ['portal write', id(student.matricula)],
  RemoveProfessor: ['portal write', id(professor.siape)],
  RemoveDisciplina: ['portal write', id(discipline.sigla)],
};

const admin = 'project.PortalAdministrativo';
const adminDefinition = loadService('portal.proto', admin);

/** Every call of every gRPC door. */
export function grpcCalls(): readonly Call[] {
  return [
    ...callsOf('kvs.KVS', kvsDefinition, kvs),
    ...callsOf('KeyValueStore', keyValueDefinitions.KeyValueStore, keyValue),
    ...callsOf('project.KeyValueStore', keyValueDefinitions['project.KeyValueStore'], keyValue),
    ...callsOf('kvstore.KvStore', kvStoreDefinition, kvStore),
    ...callsOf('kvs.Copia', loadService('copia.proto', 'kvs.Copia'), copy),
    ...callsOf('frota.v1.Loja', loadService('loja.proto', 'frota.v1.Loja'), loja),
    ...callsOf('frota.Frota', loadService('frota.proto', 'frota.Frota'), {
      Servidores: ['known', () => ({})],
    }),
    ...callsOf('kvs.Laboratorio', loadService('laboratorio.proto', 'kvs.Laboratorio'), {
      Isola: ['administer', () => ({ porS: 1 })],
      Liga: ['administer', () => ({})],
      Perde: ['administer', () => ({ entradaPorMil: 1 })],
      Adianta: ['administer', () => ({ ms: 1 })],
      Rastreia: ['administer', () => ({})],
    }),
    ...(['v1', 'v1alpha'] as const).flatMap((version) =>
      callsOf(`grpc.reflection.${version}.ServerReflection`, reflectionDefinition(version), reflection),
    ),
    ...callsOf(admin, adminDefinition, { ...creations, ...records }),
    ...callsOf('project.PortalMatricula', loadService('portal.proto', 'project.PortalMatricula'), enrolment),
    ...callsOf(admin, adminDefinition, removals),
  ];
}

/** What clients say in `Mensagem`. */
export const MENSAGEM_CALLS: readonly Call[] = callsOf('Mensagem', undefined, {
  PUT: ['write', (chave) => ({ tipo: 'PUT', chave, valor: 'valor' })],
  GET: ['read', (chave) => ({ tipo: 'GET', chave, timestamp: 0 })],
});

/** How a call ended. */
export interface Outcome {
  /** `OK`, or the code of the error that ended it. */
  readonly code: string;
  readonly replies: readonly object[];
  /** Why, as the client is told. */
  readonly reason: string;
  /** Whatever else came with it: session, version, request id. */
  readonly extras: readonly string[];
}

/** The statuses of gRPC under which refusals come. */
const STATUSES: Readonly<Record<string, number>> = {
  NAO_AUTENTICADO: status.UNAUTHENTICATED,
  NAO_AUTORIZADO: status.PERMISSION_DENIED,
};

/** One side that speaks to servers by every door. It shares nothing with them. */
export class Guest {
  private readonly grpc = new Map<string, TermsClient>();
  private readonly lines = new Map<string, MensagemClient>();

  close(): void {
    for (const client of [...this.grpc.values(), ...this.lines.values()]) client.close();
  }

  /**
   * Makes a call, and never rejects for what it ends with.
   * @param at port of the gRPC doors, or address of the `Mensagem` door
   * @throws Error if the status of gRPC does not fit the code of the refusal
   */
  async make(
    { service, method, name }: Pick<Call, 'service' | 'method' | 'name'>,
    at: number | string,
    request: object,
    demands: Demands = {},
  ): Promise<Outcome> {
    if (service === undefined) return this.say(String(at), request, demands.authorization);
    const key = `${String(at)} ${name.split('/')[0] ?? ''}`;
    const client = this.grpc.get(key) ?? new TermsClient(Number(at), service);
    this.grpc.set(key, client);
    // What never ends is left at its first answer.
    const endsAfter = method === 'Observa' ? { cancelAfter: 1 } : {};
    const ended = await client.call<object>(method, [request], { ...demands, ...endsAfter });
    const { replies, erro = '', sessao, versao, pedido } = ended;
    const extras = [sessao, versao, pedido].filter((extra) => extra !== undefined);
    // Streams list their errors as `index:CODE`.
    const isOk = ended.code === 0 || ended.hasCancelled;
    const code = isOk ? 'OK' : (/^(?:\d+:)?([A-Z_]+)/.exec(erro)?.[1] ?? ended.details);
    if (STATUSES[code] !== undefined && STATUSES[code] !== ended.code) {
      throw new Error(`${name}: ${code} under status ${String(ended.code)}`);
    }
    return { code, replies, reason: isOk ? erro : ended.details, extras };
  }

  private async say(address: string, message: object, authorization: string | undefined): Promise<Outcome> {
    const known = this.lines.get(address);
    const client = known === undefined || known.closed ? await MensagemClient.open(address) : known;
    this.lines.set(address, client);
    const credencial = authorization?.replace(/^Bearer /, '');
    const answer = await client.ask({ ...message, credencial });
    if (answer['tipo'] !== 'ERROR') return { code: 'OK', replies: [answer], reason: '', extras: [] };
    return { code: String(answer['codigo']), replies: [], reason: String(answer['mensagem']), extras: [] };
  }
}
