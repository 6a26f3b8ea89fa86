import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { DoorClient, loadService } from '../door-client.js';
import { KeyValueClient } from '../keyvalue-client.js';
import { KvsClient, reasonOf } from '../kvs-client.js';
import type { Answer, Outcome, Request, Sight } from './history.js';
import type { Subject } from './recorder.js';

const lojaDefinition = loadService('loja.proto', 'frota.v1.Loja');

/**
 * Asks a server by its doors: `kvs.KVS`, which tells versions, and `KeyValueStore`, which tells timestamps. What both can
 * do they do in turn. `frota.v1.Loja` compares.
 */
export class DoorSubject implements Subject {
  private readonly kvs: KvsClient;
  private readonly keyValue: KeyValueClient;
  private readonly loja: DoorClient;
  private turn = 0;

  constructor(port: number) {
    this.kvs = new KvsClient(port);
    this.keyValue = new KeyValueClient(port);
    this.loja = new DoorClient(lojaDefinition, port);
  }

  async perform(key: string, request: Request): Promise<Outcome> {
    try {
      return { kind: 'answered', answer: await this.ask(key, request) };
    } catch (thrown) {
      const outcome = outcomeOf(thrown as Partial<ServiceError>);
      if (outcome === undefined) throw thrown;
      return outcome;
    }
  }

  close(): void {
    this.kvs.close();
    this.keyValue.close();
    this.loja.close();
  }

  private async ask(key: string, request: Request): Promise<Answer> {
    switch (request.kind) {
      case 'insert': {
        const { versao, erro } = await this.kvs.insere(key, request.value);
        if (erro !== undefined) throw new Error(`insere: ${erro}`);
        return { made: { version: versao } };
      }
      case 'put': {
        const { ver, old_val, old_ver } = await this.keyValue.put(key, request.value);
        return { made: { timestamp: Number(ver) }, found: timed({ val: old_val, ver: old_ver }) };
      }
      case 'get':
        if (this.turn++ % 2 === 0) return { found: counted(await this.kvs.consulta(key)) };
        return { found: timed(await this.keyValue.get(key)) };
      case 'getVersion':
        return { found: counted(await this.kvs.consulta(key, request.upTo)) };
      case 'getTime':
        return { found: timed(await this.keyValue.get({ key, ver: request.upTo })) };
      case 'trim':
        return { found: timed(await this.keyValue.trim(key)) };
      case 'removeAll':
        if (this.turn++ % 2 === 0) return { found: timed(await this.keyValue.del(key)) };
        return { found: (await this.removed(key, undefined)) === 'removed' ? {} : null };
      case 'compare': {
        const condition = { chave: key, versao: request.expected, valor: request.value };
        const { resposta } = await this.loja.unary<{ versao: number; ts_ms: string }>('Compara', condition);
        return { made: { version: resposta.versao, timestamp: Number(resposta.ts_ms) } };
      }
      case 'remove':
        return { removed: await this.removed(key, request.version) };
    }
  }

  private async removed(key: string, version: number | undefined): Promise<NonNullable<Answer['removed']>> {
    const { erro } = await this.kvs.remove(key, version);
    if (erro === undefined) return 'removed';
    if (erro.startsWith('CHAVE_INEXISTENTE')) return 'noKey';
    if (erro.startsWith('VERSAO_INEXISTENTE')) return 'noVersion';
    throw new Error(`remove: ${erro}`);
  }
}

function counted({ valor, versao }: { readonly valor: string; readonly versao: number }): Sight | null {
  return versao === 0 ? null : { value: valor, version: versao };
}

function timed({ val, ver }: { readonly val: string; readonly ver: bigint }): Sight | null {
  return ver === 0n ? null : { value: val, timestamp: Number(ver) };
}

const NOT_DONE = ['SEM_MAIORIA', 'SERVIDOR_SAINDO', 'SERVIDOR_ENTRANDO', 'SERVIDOR_PAROU'];

/** `undefined`: no fault of a member or server explains it. */
function outcomeOf(error: Partial<ServiceError>): Outcome | undefined {
  const [code = ''] = (error.metadata === undefined ? '' : (reasonOf(error) ?? '')).split(':');
  if (code === 'VERSAO_OUTRA') return { kind: 'answered', answer: { refused: true } };
  if (NOT_DONE.includes(code)) return { kind: 'failed' };
  if (code === 'RESULTADO_DESCONHECIDO') return { kind: 'unknown' };
  if (code !== '') return undefined;
  // Without a reason it did not come from the server.
  if (error.code !== status.UNAVAILABLE && error.code !== status.CANCELLED) return undefined;
  return { kind: error.details?.includes('No connection established') === true ? 'failed' : 'unknown' };
}
