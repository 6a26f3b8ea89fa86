import type { Logger } from '../ports/logger.js';
import type { ServerConfig } from '../config/server-config.js';
import { startConsensusServer } from './consensus-server.js';
import { startFleetServer } from './fleet-server.js';
import { startLeaderServer } from './leader-server.js';
import { startPartitionsServer } from './partitions-server.js';
import type { RunningServer } from './running-server.js';

/**
 * Starts a server with the engine that the configuration names.
 * @param onServing called once, when the server can answer for the first time
 * @throws KvsError PORTA_EM_USO, CONFIGURACAO
 */
export function startServer(
  config: ServerConfig,
  logger: Logger,
  onServing: () => void,
): Promise<RunningServer> {
  const { engine } = config;
  switch (engine.name) {
    case 'frota':
      return startFleetServer(config, engine, logger, onServing);
    case 'consenso':
      return startConsensusServer(config, engine, logger, onServing);
    case 'lider':
      return startLeaderServer(config, engine, logger, onServing);
    case 'particoes':
      return startPartitionsServer(config, engine, logger, onServing);
  }
}
