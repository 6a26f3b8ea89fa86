import type { Server } from 'node:net';
import { KvsError } from '../core/errors.js';
import { addressText } from './console.js';

/** Takes connections from now on. @throws KvsError PORTA_EM_USO, or CONFIGURACAO for an address that cannot be listened on */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(listenError(error, addressText(host, port)));
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

function listenError(error: NodeJS.ErrnoException, address: string): KvsError {
  if (error.code === 'EADDRINUSE') {
    return new KvsError('PORTA_EM_USO', `a porta já está em uso: ${address}`, { cause: error });
  }
  const why = error.code === 'EACCES' ? 'sem permissão' : 'endereço inválido ou que não é desta máquina';
  return new KvsError('CONFIGURACAO', `não é possível escutar em ${address}: ${why}`, { cause: error });
}
