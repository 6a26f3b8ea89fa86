import { describe, expect, it } from 'vitest';
import { etcdAvailable } from '../../support/etcd.js';
import { redisAvailable } from '../../support/redis-cluster.js';
import type { PanelPage } from '../panel-page.js';
import type { PanelStand } from '../stand.js';

/** Compare-and-set, right and wrong. */
async function comparesAndSets(panel: PanelPage): Promise<void> {
  await panel.view('chaves');
  await panel.openKey('conta');
  await panel.page.fill('.write textarea', 'um');
  await panel.page.selectOption('.write select', 'absent');
  await panel.press('Comparar e gravar');
  await panel.says('.outcome', 'Gravada a versão 1');
  await panel.press('Comparar e gravar');
  await panel.says('.write .note.bad', 'VERSAO_OUTRA');
  await panel.says('.rule', 'Responde a versão 1');
  await panel.page.selectOption('.write select', 'version');
  await panel.page.fill('.write textarea', 'dois');
  await panel.press('Comparar e gravar');
  await panel.says('.outcome', 'Gravada a versão 2');
  await panel.says('.rule', 'Neste motor as escritas têm uma só ordem, e a última responde.');
  expect(await panel.page.locator('.legend li').count()).toBe(3);
  expect(await panel.axe()).toEqual([]);
}

export function enginesSection(open: () => PanelStand): void {
  describe('what an engine can', () => {
    it('on the fleet, comparing is not offered, and the page says why', async () => {
      const stand = open();
      const panel = await stand.page(stand.fleet[0]);
      await panel.live();
      await panel.view('chaves');
      await panel.openKey('qualquer');
      expect(await panel.page.isDisabled('.write select')).toBe(true);
      await panel.says('.write', 'A frota não compara antes de gravar');
      await panel.close();
    });

    it('on the leader system: followers, the window, and compare-and-set from a follower too', async () => {
      const stand = open();
      const [leader, follower] = stand.leaders;
      const panel = await stand.page(leader);
      await panel.live();
      await panel.says(
        '.sheet',
        /Seguidores.*Este servidor é o líder.*Janela por seguidor: até [\d.]+ mutações/s,
      );
      await panel.says('.card', /lidera/);
      expect(await panel.page.locator('meter[aria-label="Janela em uso"]').count()).toBe(1);
      expect(await panel.axe()).toEqual([]);
      await panel.view('numeros');
      await panel.says('.plot', 'Sem confirmação dos seguidores');
      await panel.close();
      const other = await stand.page(follower);
      await other.live();
      await other.says('.sheet', /Este servidor segue 127\.0\.0\.1:\d+/);
      await comparesAndSets(other);
      await other.close();
    });

    it.skipIf(!etcdAvailable())('on consensus: members, leader and term, and compare-and-set', async () => {
      const stand = open();
      const panel = await stand.page(stand.consensus!);
      await panel.live();
      await panel.says('.verdict', 'A maioria das réplicas responde');
      await panel.says('#members-title + p', /Revisão \d+/);
      await panel.says('tbody tr', /127\.0\.0\.1:\d+\s*líder\s*atendendo/s);
      await panel.says('.carrier-name', /réplicas \(Raft\) · lidera 127\.0\.0\.1:\d+ · termo \d+/);
      await panel.view('numeros');
      await panel.says('.plot', 'Resposta das réplicas');
      await comparesAndSets(panel);
      await panel.close();
    });

    it.skipIf(!redisAvailable())('on partitions: nodes, what each has, and compare-and-set', async () => {
      const stand = open();
      const panel = await stand.page(stand.partitions!);
      await panel.live();
      await panel.says('.verdict', 'Toda partição tem um mestre e os nós respondem');
      await panel.says('.carrier-name', /nós do Redis Cluster · mestres: 3/);
      await panel.says('.card', /127\.0\.0\.1:\d+ · 546[0-9] slots.*mestre/s);
      expect(await panel.page.locator('.card', { hasText: 'réplica' }).count()).toBe(3);
      await panel.page.setViewportSize({ width: 360, height: 740 });
      await panel.assertFits();
      expect(await panel.axe()).toEqual([]);
      await panel.page.setViewportSize({ width: 1280, height: 900 });
      await comparesAndSets(panel);
      await panel.close();
    });
  });
}
