import { KvsError } from '../../src/client/library/index.js';
import { kvsOptions, text, timeoutOf } from './options.js';
import type { FlowMessage, NodeConfig, Red, RedNode } from './red.js';
import { StatusLight } from './node-status.js';
import { StoreAccess, StoreFailure } from './store.js';

/** The node that holds the connections, and its type. */
const SERVER = 'kvs-servidor';

const stores = new WeakMap<RedNode, StoreAccess>();

/** Registers `kvs-servidor`: addresses and options in the flow file, the token among the credentials. */
export function registerServer(red: Red): void {
  red.nodes.registerType(
    SERVER,
    function (config) {
      red.nodes.createNode(this, config);
      const store = new StoreAccess(kvsOptions(config, text(this.credentials?.['token'])), timeoutOf(config));
      stores.set(this, store);
      this.on('close', (_removed, done) => {
        void store.close().then(done, done);
      });
    },
    { credentials: { token: { type: 'password' } } },
  );
}

/**
 * The store that a node uses.
 * @throws KvsError CONFIGURACAO if its server node is missing or disabled
 */
export function storeOf(red: Red, { servidor }: NodeConfig): StoreAccess {
  const node = red.nodes.getNode(String(servidor));
  const store = node ? stores.get(node) : undefined;
  if (store === undefined) throw new KvsError('CONFIGURACAO', 'escolha um servidor kvs neste nó');
  return store;
}

/** Registers a type whose nodes answer each message with one, or with an error for Catch nodes. */
export function registerCall(
  red: Red,
  type: string,
  answer: (store: StoreAccess, config: NodeConfig, message: FlowMessage) => Promise<FlowMessage>,
): void {
  red.nodes.registerType(type, function (config) {
    red.nodes.createNode(this, config);
    const light = new StatusLight(red, this);
    let isClosed = false;
    this.on('input', (message, send, done) => {
      const call = async (): Promise<void> => {
        try {
          const answered = await answer(storeOf(red, config), config, message);
          light.connected();
          send(Object.assign(message, answered));
          done();
        } catch (error) {
          // Of a flow that has been stopped nobody expects anything.
          if (isClosed) {
            done();
            return;
          }
          const failure = new StoreFailure(error);
          light.failed(failure.code);
          message['kvs'] = { codigo: failure.code, motivo: KvsError.from(error).message };
          done(failure);
        }
      };
      void call();
    });
    this.on('close', (_removed, done) => {
      isClosed = true;
      done();
    });
  });
}
