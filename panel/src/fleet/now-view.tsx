import { useState } from 'preact/hooks';
import type { PanelPictureJson, PanelStartJson } from '../../../src/doors/http/panel-json.js';
import { departed } from '../feed/feed.js';
import { say } from '../text.js';
import { Capacity } from './capacity.js';
import { Agreement, Facts } from './facts.js';
import { FleetPicture } from './fleet-picture.js';
import { Followers, Members } from './roles.js';
import { ServerTable } from './server-table.js';

/** How everything is now: the live picture, the same as a table, and what is near a limit. */
export function NowView({ now, begun }: { readonly now: PanelPictureJson; readonly begun: PanelStartJson }) {
  const engine = begun.servidor.motor;
  const [chosen, choose] = useState<string>();
  return (
    <>
      <section class="sheet" aria-labelledby="picture-title">
        <div class="sheet-head">
          <h2 id="picture-title">
            {engine === 'frota'
              ? say('A frota agora', 'The fleet now')
              : say('Os servidores agora', 'The servers now')}
          </h2>
          <Agreement {...{ now, engine }} />
        </div>
        <FleetPicture {...{ now, engine, chosen, onChoose: choose }} departed={departed.value} />
        {engine === 'frota' && now.servidores.length > 1 && (
          <p class="quiet">
            {say(
              'Linha: contato com o broker. Arco tracejado: um servidor que não ouve o outro. Escolha um servidor para ver a quem ouve.',
              'Line: contact with the broker. Dashed arc: a server that does not hear another. Choose a server to see whom it hears.',
            )}
          </p>
        )}
        <Facts now={now} />
      </section>
      {now.consenso && <Members consensus={now.consenso} />}
      {now.lider && <Followers leader={now.lider} />}
      <section class="sheet" aria-labelledby="table-title">
        <h2 id="table-title">{say('Servidores', 'Servers')}</h2>
        <ServerTable now={now} departed={departed.value} />
        {(engine === 'consenso' || engine === 'particoes') && (
          <p class="quiet">
            {say(
              'Servidores deste motor não se conhecem: cada um fala com os nós da tabela. Os outros têm painéis próprios.',
              'Servers of this engine do not know each other: each speaks to the nodes of the table. The others have panels of their own.',
            )}
          </p>
        )}
      </section>
      <section class="sheet" aria-labelledby="limits-title">
        <h2 id="limits-title">{say('Limites', 'Limits')}</h2>
        <Capacity now={now} />
      </section>
    </>
  );
}
