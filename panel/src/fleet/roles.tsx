import type { PanelConsensusJson, PanelLeaderJson } from '../../../src/doors/http/panel-json.js';
import { ScrollBox } from '../parts/scroll-box.js';
import { bytes, duration, number, say } from '../text.js';
import { stateWord } from '../words.js';

const ms = (value: number | null): string => (value === null ? '—' : duration(value));

/** The replicas of the consensus: who leads, in which term, and how far each is. */
export function Members({ consensus }: { readonly consensus: PanelConsensusJson }) {
  return (
    <section class="sheet" aria-labelledby="members-title">
      <h2 id="members-title">{say('Réplicas', 'Replicas')}</h2>
      <p class="quiet">
        {say(
          `Revisão ${number(consensus.revisao)}: a última mudança que este servidor conhece. Um termo é o mandato de um líder; um novo começa com cada eleição.`,
          `Revision ${number(consensus.revisao)}: the last change that this server knows. A term is the reign of one leader; each election begins a new one.`,
        )}
      </p>
      <ScrollBox label={say('Tabela de réplicas', 'Table of replicas')}>
        <table>
          <thead>
            <tr>
              <th scope="col">{say('Endereço', 'Address')}</th>
              <th scope="col">{say('Papel', 'Role')}</th>
              <th scope="col">{say('Estado', 'State')}</th>
              <th scope="col" class="num">
                {say('Termo', 'Term')}
              </th>
              <th scope="col" class="num">
                {say('Índice aplicado', 'Applied index')}
              </th>
              <th scope="col" class="num">
                {say('Disco', 'Disk')}
              </th>
              <th scope="col" class="num">
                {say('Resposta p50 / p99', 'Answer p50 / p99')}
              </th>
              <th scope="col">{say('Versão', 'Version')}</th>
            </tr>
          </thead>
          <tbody>
            {consensus.membros.map((member) => (
              <tr key={member.endereco}>
                <th scope="row" class="mono">
                  {member.endereco}
                </th>
                <td>
                  {member.lidera ? <strong>{say('líder', 'leader')}</strong> : say('seguidora', 'follower')}
                </td>
                <td>{stateWord(member.estado)}</td>
                <td class="num">{member.termo === 0 ? '—' : number(member.termo)}</td>
                <td class="num">{member.indice === 0 ? '—' : number(member.indice)}</td>
                <td class="num">{member.bytes === 0 ? '—' : bytes(member.bytes)}</td>
                <td class="num">
                  {ms(member.p50_ms)} / {ms(member.p99_ms)}
                </td>
                <td>{member.versao || '—'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </section>
  );
}

/** The leader's followers, and how much is under way to each. */
export function Followers({ leader }: { readonly leader: PanelLeaderJson }) {
  const isLeader = leader.papel === 'lider';
  return (
    <section class="sheet" aria-labelledby="followers-title">
      <h2 id="followers-title">
        {isLeader ? say('Seguidores', 'Followers') : say('Este seguidor', 'This follower')}
      </h2>
      <p>
        {isLeader
          ? say(
              'Este servidor é o líder: ordena as escritas, e confirma cada uma quando todos os seguidores a têm.',
              'This server leads: it orders writes, and acknowledges each once every follower holds it.',
            )
          : say(
              `Este servidor segue ${leader.lider}: passa a ele as escritas, e responde leituras com o que já recebeu.`,
              `This server follows ${leader.lider}: it hands writes on, and answers reads with what it has received.`,
            )}{' '}
        {leader.inteiro
          ? say('Tudo em dia.', 'All up to date.')
          : isLeader
            ? say(
                'Falta algum seguidor: escritas esperam por ele.',
                'A follower is missing: writes wait for it.',
              )
            : say(
                'Sem contato com o líder: escritas são recusadas.',
                'The leader is out of touch: writes are refused.',
              )}
      </p>
      {isLeader && (
        <>
          <p class="quiet">
            {say(
              `Escritas à espera de todos: ${number(leader.esperando)}. Janela por seguidor: até ${number(leader.janela.mutacoes)} mutações ou ${bytes(leader.janela.bytes)} a caminho.`,
              `Writes that wait for all: ${number(leader.esperando)}. Window for each follower: up to ${number(leader.janela.mutacoes)} mutations or ${bytes(leader.janela.bytes)} under way.`,
            )}
          </p>
          <ScrollBox label={say('Tabela de seguidores', 'Table of followers')}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{say('Endereço', 'Address')}</th>
                  <th scope="col">{say('Em dia', 'Up to date')}</th>
                  <th scope="col" class="num">
                    {say('Sem confirmação', 'Unacknowledged')}
                  </th>
                  <th scope="col">{say('Janela em uso', 'Window in use')}</th>
                </tr>
              </thead>
              <tbody>
                {leader.seguidores.map((follower) => (
                  <tr key={follower.endereco}>
                    <th scope="row" class="mono">
                      {follower.endereco}
                    </th>
                    <td>
                      {follower.em_dia ? say('sim', 'yes') : <span class="bad-text">{say('não', 'no')}</span>}
                    </td>
                    <td class="num">{number(follower.atraso)}</td>
                    <td>
                      <meter
                        min={0}
                        max={leader.janela.mutacoes}
                        value={follower.mutacoes}
                        aria-label={say('Janela em uso', 'Window in use')}
                      />{' '}
                      <span class="quiet">
                        {number(follower.mutacoes)} · {bytes(follower.bytes)}
                      </span>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </ScrollBox>
        </>
      )}
    </section>
  );
}
