/**
 * The fleet's clock at one server: the greater of its own wall clock and any fleet time that it has seen in what it
 * applied. It never falls. A server that has applied the write of another one is therefore never behind the time at
 * which that write was made, so whatever its writer had seen expire has expired here too (a hybrid logical clock,
 * Kulkarni et al. 2014, without its counter).
 */
export class FleetClock {
  private greatestMs = 0;

  /**
   * @param wallMs the server's wall clock, ms since 1970
   * @param driftMs how far ahead of its own wall clock a server lets itself be taken: a wrong clock elsewhere must not
   *   make everything expire
   */
  constructor(
    private readonly wallMs: () => number,
    private readonly driftMs: number,
  ) {}

  /** The fleet's time now, ms since 1970. */
  nowMs(): number {
    const wallMs = Math.floor(this.wallMs());
    if (wallMs > this.greatestMs) this.greatestMs = wallMs;
    return this.greatestMs;
  }

  /** To be called with the fleet time of whatever is applied. */
  witness(fleetMs: number): void {
    if (fleetMs <= this.greatestMs) return;
    const clippedMs = Math.min(fleetMs, Math.floor(this.wallMs()) + this.driftMs);
    if (clippedMs > this.greatestMs) this.greatestMs = clippedMs;
  }
}

/** A clock that stands still at 0, for stores that nobody reads: nothing expires in them. */
export const NO_CLOCK = new FleetClock(() => 0, 0);
