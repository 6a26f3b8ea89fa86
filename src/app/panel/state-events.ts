import type { PanelPeer, PanelPicture } from '../../ports/panel.js';
import type { Time } from '../../ports/time.js';
import type { EventLog } from './event-log.js';
import { panelLimits } from './limits.js';

/** Tells what changed from one picture to the next. */
export class StateEvents {
  private before: PanelPicture | undefined;
  /** Since when servers differ, monotonic ms; `undefined`: they agree. */
  private differSinceMs: number | undefined;
  private isSaid = false;
  private lastLeader: string | undefined;

  constructor(
    private readonly log: EventLog,
    private readonly time: Time,
  ) {}

  note(picture: PanelPicture): void {
    const { before } = this;
    this.before = picture;
    this.agreement(picture.agrees);
    if (before === undefined) return;
    this.servers(before.servers, picture.servers);
    if (picture.hasDiverged && !before.hasDiverged)
      this.say('erro', 'servidores com as mesmas escritas têm conteúdo diferente');
    if (!picture.hasDiverged && before.hasDiverged)
      this.say('info', 'o conteúdo dos servidores voltou a ser igual');
    const wasConnected = before.broker?.isConnected;
    const isConnected = picture.broker?.isConnected;
    if (wasConnected === true && isConnected === false) this.say('aviso', 'este servidor perdeu o broker');
    if (wasConnected === false && isConnected === true) this.say('info', 'este servidor voltou ao broker');
    this.leader(picture.consensus);
  }

  private leader(consensus: PanelPicture['consensus']): void {
    if (consensus === undefined || consensus.leader === '') return;
    const { leader, term } = consensus;
    if (this.lastLeader !== undefined && this.lastLeader !== leader)
      this.say('info', 'as réplicas têm outro líder', { lider: leader, termo: term });
    this.lastLeader = leader;
  }

  private servers(before: readonly PanelPeer[], now: readonly PanelPeer[]): void {
    const known = new Map(before.map((peer) => [nameOf(peer), peer]));
    for (const peer of now) {
      const old = known.get(nameOf(peer));
      known.delete(nameOf(peer));
      const fields = { servidor: peer.name, endereco: peer.address, estado: peer.state };
      if (old === undefined) this.say('info', 'um servidor chegou', fields);
      else if (old.state !== peer.state) this.say('info', 'um servidor mudou de estado', fields);
    }
    for (const { name, address } of known.values())
      this.say('aviso', 'um servidor saiu', { servidor: name, endereco: address });
  }

  /** While somebody writes, servers differ all the time, for a moment. */
  private agreement(agrees: boolean): void {
    const nowMs = this.time.monotonicMs();
    if (agrees) {
      if (this.isSaid) this.say('info', 'os servidores estão de acordo');
      this.differSinceMs = undefined;
      this.isSaid = false;
      return;
    }
    this.differSinceMs ??= nowMs;
    if (this.isSaid || nowMs - this.differSinceMs < panelLimits.differMs) return;
    this.isSaid = true;
    this.say('aviso', 'os servidores não estão de acordo');
  }

  private say(level: 'info' | 'aviso' | 'erro', message: string, fields: object = {}): void {
    this.log.add(level, message, fields, 'estado');
  }
}

/** A start of a server, where starts are told apart. */
function nameOf({ origin, address }: PanelPeer): string {
  return `${origin} ${address}`;
}
