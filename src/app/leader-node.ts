import type { Observe } from '../call/observe.js';
import type { Origin } from '../core/dot.js';
import { mensagemLimits } from '../wire/mensagem/limits.js';
import { FleetClock } from '../core/fleet-clock.js';
import { Store } from '../core/store.js';
import type { AccessControl } from '../ports/access.js';
import type { Logger } from '../ports/logger.js';
import type { Pauses } from '../ports/pauses.js';
import type { Random } from '../ports/random.js';
import type { Time } from '../ports/time.js';
import type { Hosts } from '../security/tls/open-ports.js';
import { defaultDoorLimits, MensagemDoor } from '../doors/mensagem/door.js';
import type { DoorLimits } from '../doors/mensagem/door.js';
import { LeaderEngine } from '../engines/leader/engine.js';
import { Follower } from '../engines/leader/follower.js';
import { FreshRole } from '../engines/leader/fresh-role.js';
import { Leader } from '../engines/leader/leader.js';
import { LeaderTime } from '../engines/leader/leader-time.js';
import { leaderLimits } from '../engines/leader/limits.js';
import type { LinkLaboratory } from '../wire/mensagem/line-tap.js';
import type { ByteBudget } from '../wire/mensagem/lines.js';
import { splitAddress } from '../engines/leader/role.js';
import { defaultRoomLimits, Room } from '../engines/room.js';
import type { RoomLimits } from '../engines/room.js';
import type { LeaderRole, RoleOptions } from '../engines/leader/role.js';
import { observedCalls } from './observed-calls.js';

export interface NodeOptions {
  readonly origin: Origin;
  /** `IP:porta` of this server and of the leader, as configured on all servers. */
  readonly self: string;
  readonly leader: string;
  /** All servers; may include this one. */
  readonly servers: readonly string[];
  readonly deadlineMs: number;
  readonly time: Time;
  /** Detects pauses of this process; if absent, none are detected. */
  readonly pauses?: Pauses | undefined;
  readonly random: Random;
  readonly logger: Logger;
  /** Prints one line of the contract. */
  readonly print: (line: string) => void;
  /** Called whenever {@link LeaderNode.serving} or {@link LeaderNode.whole} may have changed. */
  readonly onChange?: () => void;
  /** Where the door listens, if not on `self`. */
  readonly listen?: { readonly host: Hosts; readonly port: number } | undefined;
  readonly doorLimits?: DoorLimits;
  /** What its store has room for. */
  readonly roomLimits?: RoomLimits;
  /** Who may do what; by default everyone may do everything, and every server is trusted. */
  readonly access?: AccessControl | undefined;
  /** Observes every outcome of a request at the door; by default outcomes are counted but not read. */
  readonly observe?: Observe | undefined;
  /** Gives the token with which this server authenticates to the others, at every connection. */
  readonly token?: (() => string) | undefined;
  /** Cuts this server off the others, and tells what they say to each other; absent: nothing does. */
  readonly laboratory?: Pick<LinkLaboratory, 'tap' | 'cut'> | undefined;
}

/** One server of the leader system: its store, its leader or follower role, its engine and its TCP door. */
export class LeaderNode {
  private constructor(
    readonly store: Store,
    readonly role: LeaderRole,
    readonly engine: LeaderEngine,
    private readonly door: MensagemDoor,
    private readonly room: Room,
  ) {}

  /**
   * Opens the door, then connects to the other servers.
   * @throws KvsError PORTA_EM_USO, CONFIGURACAO
   */
  static async start(options: NodeOptions): Promise<LeaderNode> {
    // Separate budgets, so that strangers with unfinished lines take no room from the servers.
    const [budget, serverBudget] = [newBudget(), newBudget()];
    const { self, leader, servers, time, logger, print } = options;
    const leaderTime = new LeaderTime(time);
    // The leader decides by its own clock what has expired, and the others by what they hear of that clock.
    const clock =
      self === leader
        ? new FleetClock(() => time.wallMs(), leaderLimits.clockDriftMs)
        : new FleetClock(() => leaderTime.nowMs(), 0);
    const store = new Store(clock);
    const laboratory = options.laboratory && {
      ...options.laboratory,
      appliedMutations: () => store.vector.total,
    };
    const roleOptions: RoleOptions = {
      ...options,
      onShown: () => {
        engine.shown();
      },
      onJoined: () => {
        engine.guarantees.advanced();
      },
      ...{ store, laboratory },
      room: new Room(options.roomLimits ?? { ...defaultRoomLimits, origins: leaderLimits.origins }),
      budget: serverBudget,
      shows: showing(options.token),
      others: servers.filter((address) => address !== self),
      onChange: () => options.onChange?.(),
    };
    const role = self === leader ? new Leader(roleOptions) : new Follower(roleOptions, leaderTime);
    const engine = new LeaderEngine(store, role, roleOptions);
    const door = await MensagemDoor.open({
      ...(options.listen ?? splitAddress(self)),
      ...{ engine, budget, serverBudget, time, logger, print, laboratory },
      role: options.pauses ? new FreshRole(role, options.pauses, time) : role,
      limits: options.doorLimits ?? defaultDoorLimits,
      access: options.access,
      observe: options.observe ?? observedCalls(logger).observe,
    });
    role.start();
    return new LeaderNode(store, role, engine, door, roleOptions.room);
  }

  /** Writes refused since the start for the versions of any key. */
  get crowdedRefusals(): number {
    return this.room.crowdedRefusals;
  }

  get serving(): boolean {
    return this.role.state === 'serving';
  }

  /** Whether all servers that this one should see are connected and up to date. */
  get whole(): boolean {
    return this.role.whole;
  }

  /** Whether writes are accepted now. */
  get takesWrites(): boolean {
    return this.role.takesWrites;
  }

  /** Refuses new requests, finishes writes in progress, then closes every connection. Never rejects. */
  async stop(): Promise<void> {
    this.door.leave();
    this.engine.endWatches();
    await this.role.stop();
    this.door.close();
  }
}

function newBudget(): ByteBudget {
  return { used: 0, max: mensagemLimits.partialBytes };
}

function showing(token: (() => string) | undefined): RoleOptions['shows'] {
  if (token === undefined) return {};
  return {
    get credencial() {
      return token();
    },
  };
}
