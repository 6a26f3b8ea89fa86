import { partitionLimits } from './limits.js';

/** A node as another one sees it. */
export interface NodeView {
  readonly id: string;
  /** `host:port` for clients. */
  readonly address: string;
  readonly isMaster: boolean;
  /** The id of the master that it follows; empty: it is one. */
  readonly masterId: string;
  /** Others do not reach it. */
  readonly isFailing: boolean;
  /** Whoever claims a slot with the greatest has it. */
  readonly epoch: number;
  /** First and last slot of each run that it serves. */
  readonly slots: readonly (readonly [first: number, last: number])[];
}

/** What a node says of the cluster: the answer to `CLUSTER NODES`. Lines that are not understood are left out. */
export function parseNodes(text: string): readonly NodeView[] {
  const nodes = text.split('\n').map(parseNode);
  return nodes.filter((node) => node !== undefined).slice(0, partitionLimits.nodes);
}

/** `id ip:port@cport[,hostname] flags master ping-sent pong-recv config-epoch link-state slot slot ...` */
function parseNode(line: string): NodeView | undefined {
  const [id = '', where = '', flagText = '', master = '', , , epoch = '', , ...slots] = line.split(' ');
  const flags = flagText.split(',');
  const address = where.replace(/[@,].*$/, '');
  if (flags.includes('noaddr') || flags.includes('handshake') || !/^.+:[1-9][0-9]*$/.test(address))
    return undefined;
  return {
    ...{ id, address, epoch: Number(epoch) },
    isMaster: flags.includes('master'),
    masterId: master === '-' ? '' : master,
    isFailing: flags.includes('fail') || flags.includes('fail?'),
    // A slot that is on its way is in brackets: it is still where it was.
    slots: slots.flatMap((run) => {
      const [, first, last = first] = /^([0-9]+)(?:-([0-9]+))?$/.exec(run) ?? [];
      return first === undefined ? [] : [[Number(first), Number(last)] as const];
    }),
  };
}

/**
 * Who serves which slot, by what several nodes say: a node that was cut off does not know that others have taken its
 * place, but they have a greater epoch.
 * @returns for each slot the address of its master, or `undefined` if nobody claims it
 */
export function mastersOf(views: Iterable<readonly NodeView[]>): (string | undefined)[] {
  const addresses = new Array<string | undefined>(partitionLimits.slots).fill(undefined);
  const epochs = new Float64Array(partitionLimits.slots).fill(-1);
  for (const view of views) {
    for (const { address, epoch, slots } of view) {
      for (const [first, last] of slots) {
        for (let slot = first; slot <= Math.min(last, partitionLimits.slots - 1); slot++) {
          if (epoch <= (epochs[slot] as number)) continue;
          epochs[slot] = epoch;
          addresses[slot] = address;
        }
      }
    }
  }
  return addresses;
}

/**
 * How many replicas each master can have, with as many nodes as the cluster has: one that is away, or was a master until a
 * moment ago, becomes one. `undefined`: no master is known.
 */
export function replicasOfEach(view: readonly NodeView[]): number | undefined {
  const masters = view.filter(({ isMaster, slots }) => isMaster && slots.length > 0).length;
  return masters === 0 ? undefined : Math.floor((view.length - masters) / masters);
}
