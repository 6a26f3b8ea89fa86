import { Fifo } from '../core/fifo.js';

/** What a broker takes that does not say: as much as the protocol allows. */
const UNSAID = 65_535;

/** Sends one message, and calls `done` once it is acknowledged. */
type Send = (done: () => void) => void;

/**
 * Has no more messages unacknowledged at once than a broker of MQTT 5 says that it takes (Receive Maximum): it may cut who
 * sends more. The others wait, in order; whoever publishes bounds their number.
 */
export class ReceiveQuota {
  private readonly waiting = new Fifo<Send>();
  private underWay = 0;

  constructor(private readonly most = UNSAID) {}

  add(send: Send): void {
    this.waiting.push(send);
    this.go();
  }

  private go(): void {
    while (this.underWay < this.most) {
      const send = this.waiting.shift();
      if (send === undefined) return;
      this.underWay++;
      send(() => {
        this.underWay--;
        this.go();
      });
    }
  }
}
