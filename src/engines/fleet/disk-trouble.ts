import type { KvsError } from '../../core/errors.js';
import type { Logger } from '../../ports/logger.js';

/** While the disk refuses writes, one retry in this many is logged as a warning: one every minute. */
const TRIES_A_LINE = 60;

/** Logs that the disk refuses writes: when it begins, while it lasts, and when it is over. */
export class DiskTrouble {
  private tries = 0;
  /** Received batches that are in memory but may not be on disk. */
  private received = 0;

  constructor(private readonly logger: Logger) {}

  /**
   * @param writes number of local writes refused because of it
   * @param received number of peers' batches that were being written, or waited to be
   */
  begin(failure: KvsError, writes: number, received: number): void {
    this.tries = 0;
    this.received = received;
    this.logger.error(
      { codigo: failure.code, causa: causeOf(failure), escritas: writes },
      'o disco recusou uma gravação: escritas recusadas, leituras continuam; o que os outros escrevem é mostrado, mas fica só na memória',
    );
  }

  noteReceived(): void {
    this.received++;
  }

  still(failure: KvsError): void {
    const said = { codigo: failure.code, causa: causeOf(failure), lotesRecebidos: this.received };
    if (++this.tries % TRIES_A_LINE === 0) {
      this.logger.warn(said, 'o disco ainda recusa: o que foi recebido desde então está só na memória');
    } else this.logger.debug(said, 'o disco ainda recusa');
  }

  over(): void {
    const said = { lotesRecebidos: this.received };
    this.logger.info(said, 'o disco aceita gravações de novo, e tem tudo o que há na memória');
  }
}

function causeOf(failure: KvsError): string {
  const { cause } = failure;
  if (!(cause instanceof Error)) return '';
  return cause.cause instanceof Error ? cause.cause.message : cause.message;
}
