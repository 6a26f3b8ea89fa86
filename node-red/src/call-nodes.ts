import type { KvsLine } from '../../src/client/library/index.js';
import { invalid, keyOf, lineFields, valueOf, valueText, wholeNumber } from './fields.js';
import { redLimits } from './limits.js';
import { text } from './options.js';
import type { FlowMessage, NodeConfig, Red } from './red.js';
import { registerCall } from './server-node.js';
import type { StoreAccess } from './store.js';

/** Registers `kvs-consulta`, `kvs-grava`, `kvs-historico` and `kvs-lista`. */
export function registerCalls(red: Red): void {
  registerCall(red, 'kvs-consulta', read);
  registerCall(red, 'kvs-grava', async (store, config, message) => ({
    kvs: await write(store, config, message),
  }));
  registerCall(red, 'kvs-historico', history);
  registerCall(red, 'kvs-lista', list);
}

/** A value, the latest or an earlier one; `null` and version 0 if there is none. */
async function read(store: StoreAccess, config: NodeConfig, message: FlowMessage): Promise<FlowMessage> {
  const key = keyOf(config['chave'], message);
  const version = wholeNumber('msg.versao', message['versao'], config['versao']);
  const at = wholeNumber('msg.em', message['em'], undefined);
  if (version !== undefined && at !== undefined) throw invalid('diga msg.versao ou msg.em, e só um deles');
  const line = await store.call(false, (kvs, signal) => kvs.get(key, { signal, version, at }));
  if (line === undefined) return { topic: key, payload: null, kvs: { chave: key, versao: 0 } };
  return { topic: key, payload: valueOf(line.value, config['saida']), kvs: lineFields(line) };
}

/** What a node writes, by the operation of its form. @returns what is said of it in `msg.kvs` */
async function write(store: StoreAccess, config: NodeConfig, message: FlowMessage): Promise<FlowMessage> {
  const key = keyOf(config['chave'], message);
  const { payload } = message;
  if (config['operacao'] === 'remove') {
    const version = wholeNumber('msg.versao', message['versao'], undefined);
    const removed = await store.call(true, (kvs, signal) => kvs.remove(key, { signal, version }));
    return { chave: key, removidas: removed };
  }
  // In a form 0 is how one says: never.
  const ttlSeconds = wholeNumber('msg.ttl', message['ttl'], config['ttl']) || undefined;
  if (config['operacao'] === 'compara') {
    const value = payload === null ? null : valueText(payload);
    const seen = seenVersion(key, message);
    const line = await store.call(true, (kvs, signal) =>
      kvs.compare(key, seen, value, { signal, ttlSeconds }),
    );
    return lineFields(line);
  }
  const value = valueText(payload);
  const version = await store.call(true, (kvs, signal) => kvs.put(key, value, { signal, ttlSeconds }));
  return { chave: key, versao: version };
}

/** The version that a comparison expects: said by the message, or what a node before it has seen of this key. */
function seenVersion(key: string, message: FlowMessage): number {
  const seen = message['kvs'] as { readonly chave?: unknown; readonly versao?: unknown } | null | undefined;
  const version = wholeNumber('msg.versao', message['versao'], seen?.chave === key ? seen.versao : undefined);
  if (version === undefined) {
    throw invalid('compara: diga em msg.versao a versão esperada (0: nenhuma), ou consulte a chave antes');
  }
  return version;
}

/** The newest versions of a key, the oldest of them first. */
async function history(store: StoreAccess, config: NodeConfig, message: FlowMessage): Promise<FlowMessage> {
  const key = keyOf(config['chave'], message);
  const asked = wholeNumber('msg.limite', message['limite'], config['limite']);
  const most = Math.min(asked ?? redLimits.historyLinesDefault, redLimits.historyLines);
  const { kept, total } = await store.call(false, async (kvs, signal) => {
    const newest: KvsLine[] = [];
    let count = 0;
    for await (const line of kvs.history(key, { signal })) {
      // A ring: what is not among the newest is overwritten.
      if (most > 0) newest[count % most] = line;
      count++;
    }
    const first = count > most && most > 0 ? count % most : 0;
    return { kept: [...newest.slice(first), ...newest.slice(0, first)], total: count };
  });
  const lines = kept.map((line) => ({ ...lineFields(line), valor: valueOf(line.value, config['saida']) }));
  return { topic: key, payload: lines, kvs: { chave: key, versoes: total } };
}

/** The keys with a prefix, in order, with their values; and how many there are. No prefix: all keys. */
async function list(store: StoreAccess, config: NodeConfig, message: FlowMessage): Promise<FlowMessage> {
  const prefix = text(config['prefixo']) ?? text(message.topic);
  const after = text(message['depois']);
  const asked = wholeNumber('msg.limite', message['limite'], config['limite']);
  const limit = Math.min(asked ?? redLimits.listLinesDefault, redLimits.listLines);
  const counted = { chaves: 0, versoes: 0 };
  const lines = await store.call(false, async (kvs, signal) => {
    const total = await kvs.count({ signal, prefix });
    Object.assign(counted, { chaves: total.keys, versoes: total.versions });
    const found: FlowMessage[] = [];
    // The library takes 0 for all of them.
    if (limit === 0) return found;
    for await (const line of kvs.list({ signal, prefix, after, limit })) {
      found.push({ ...lineFields(line), valor: valueOf(line.value, config['saida']) });
    }
    return found;
  });
  return { topic: prefix ?? '', payload: lines, kvs: { prefixo: prefix ?? '', ...counted } };
}
