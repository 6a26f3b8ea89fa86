import { LinkCut } from '../../ports/link-cut.js';
import type { Logger } from '../../ports/logger.js';
import type { Time } from '../../ports/time.js';
import { systemTime } from '../system-time.js';
import { ServerFaults } from './server-faults.js';

/** What is particular to the laboratory of an engine. */
interface EngineFaults {
  /** From what an isolated server is cut off, for the log. */
  readonly said: ConstructorParameters<typeof LinkCut>[2];
  /** What its status says while it is isolated; absent: that of the fleet says so by itself. */
  readonly isolated?: string;
  /** Why messages cannot be lost; absent: they can. */
  readonly noLoss?: string;
}

/** The laboratory of a server that offers one, and the clock by which it works. */
interface OpenLaboratory {
  readonly cut: LinkCut | undefined;
  readonly faults: ServerFaults | undefined;
  readonly time: Time;
}

const ON_PURPOSE = 'de propósito (kvs isola): volta ao fim do prazo, ou com kvs liga';

const ENGINE_FAULTS = {
  frota: { said: { cut: 'isolado do broker', back: 'de volta ao broker' } },
  consenso: {
    said: { cut: 'isolado das réplicas', back: 'de volta às réplicas' },
    isolated: `isolado das réplicas ${ON_PURPOSE}`,
  },
  lider: {
    said: { cut: 'isolado dos outros servidores', back: 'de volta aos outros servidores' },
    isolated: `isolado dos outros servidores ${ON_PURPOSE}`,
    noLoss:
      'no motor lider as mensagens vão por TCP, que entrega todas em ordem ou rompe a conexão: não se perde uma só; use isola',
  },
} as const satisfies Record<string, EngineFaults>;

/** Opens the laboratory of a server, if it is to have one; without, it works by the machine's clock. */
export function openLaboratory(
  isOffered: boolean,
  engine: keyof typeof ENGINE_FAULTS,
  logger: Logger,
): OpenLaboratory {
  if (!isOffered) return { cut: undefined, faults: undefined, time: systemTime };
  const { said, ...more }: EngineFaults = ENGINE_FAULTS[engine];
  // Its end does not depend on the clock that is put ahead.
  const cut = new LinkCut(systemTime, logger, said);
  const faults = new ServerFaults({ ...more, cut, logger });
  return { cut, faults, time: faults.time };
}
