import { describe, expect, it } from 'vitest';
import { etcdAvailable, startEtcd } from '../../support/etcd.js';
import { ServerProcess } from '../../support/server-process.js';
import type { PanelStand } from '../stand.js';

export function membersSection(open: () => PanelStand): void {
  describe('while a member dies and comes back', () => {
    it('the leader says that writes wait, its follower that they are refused, and then that all is well', async () => {
      const stand = open();
      const [leader, follower] = stand.leaders;
      const panel = await stand.page(leader);
      await panel.live();
      await panel.says('.verdict', 'De acordo');
      expect(await panel.page.locator('.card.good').count()).toBe(2);
      await follower.kill9();
      await panel.says('.card.off', 'sem contato');
      await panel.says('.warnings', /sem contato com .*escritas esperam por todos/);
      await panel.says('.sheet', 'Falta algum seguidor: escritas esperam por ele.');
      await panel.says('tbody tr', /127\.0\.0\.1:\d+\s*não/s);
      await follower.restart();
      await panel.says('.sheet', 'Tudo em dia.');
      await panel.page.waitForFunction("document.querySelectorAll('.card.good').length === 2");
      await panel.close();

      const other = await stand.page(follower);
      await other.live();
      await leader.kill9();
      await other.says('.card.off', 'sem contato (líder)');
      await other.says('.sheet', 'Sem contato com o líder: escritas são recusadas.');
      await leader.restart();
      await other.says('.sheet', 'Tudo em dia.');
      await other.says('.card.good', 'em dia (líder)');
      await other.close();
    });

    it.skipIf(!etcdAvailable())(
      'consensus goes on without one replica, refuses without two, and names the new leader',
      async () => {
        const stand = open();
        const cluster = await startEtcd();
        const replicas = cluster.addresses.flatMap((address) => ['--replicas', address]);
        const server = await ServerProcess.start({ args: ['--motor', 'consenso', ...replicas] });
        await server.ready();
        const panel = await stand.page(server);
        await panel.live();
        const leader = await cluster.leader();
        await panel.says('tbody tr', new RegExp(`${leader.address}\\s*líder\\s*atendendo`, 's'));
        // All three replicas hear each other, and what a replica does not say is not drawn as trouble.
        expect(await panel.page.locator('.arc.deaf').count()).toBe(0);
        expect(await panel.page.locator('.card.good').count()).toBe(4);
        await leader.kill9();
        await panel.says('.card.off', leader.address);
        await panel.says('tbody tr', /127\.0\.0\.1:\d+\s*líder\s*atendendo/s);
        await panel.says('.verdict', 'A maioria das réplicas responde');
        const next = await cluster.leader();
        expect(next.address).not.toBe(leader.address);
        await panel.says('.carrier-name', `lidera ${next.address}`);
        await next.kill9();
        await panel.says('.verdict.bad', /maioria/);
        await panel.says('.carrier-name', 'sem maioria');
        await cluster.heal();
        await panel.says('.verdict.good', 'A maioria das réplicas responde');
        await panel.page.locator('.card.good').nth(3).waitFor();
        await panel.close();
        await server.stop();
        await cluster.stop();
      },
    );
  });
}
