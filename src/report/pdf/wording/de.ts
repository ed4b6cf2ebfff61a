import type { SheetWording } from './wording.js';

const plural = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;

export const german: SheetWording = {
  language: 'de-DE',
  dateFormat: 'dd.MM.yyyy',
  title: 'Hirnmetastasen im Verlauf',
  researchUse:
    'Nur für Forschungszwecke: kein Medizinprodukt. Jeder Befund braucht die Beurteilung durch einen Radiologen.',
  demonstration:
    'NICHT FÜR DEN KLINISCHEN GEBRAUCH: mit Demonstrationsgewichten erstellt, an synthetischen Patienten trainiert.',
  pageOf: (page, pages) => `Seite ${page} von ${pages}`,

  patient: 'Patient',
  patientID: 'Patienten-ID',
  birthDate: 'Geboren',
  sex: 'Geschlecht',
  accession: 'Auftragsnummer',
  examination: 'Untersuchung',
  timePoint: (order, first) => `Zeitpunkt ${order}${first ? ', erste Untersuchung' : ''}`,
  comparedWith: 'Verglichen mit',
  days: (count) => plural(count, 'Tag', 'Tage'),
  priorUsed: (date, interval) => `${date} (${interval} zuvor), Registrierung angenommen`,
  priorRefused: (date, reason) => `keiner: ${date} gefunden, aber nicht verwendet${reason ? ` (${reason})` : ''}`,
  noPrior: (reason) => `keiner${reason ? `: ${reason}` : ''}`,
  registration: { accepted: 'Registrierung angenommen', refused: 'Registrierung abgelehnt' },
  notStated: 'nicht angegeben',

  response: 'Ansprechen',
  responseScope:
    'RANO-BM, nur der radiologische Teil: Steroiddosis und klinischer Zustand sind vom Board zu beurteilen.',
  responses: {
    baseline: 'Ausgangsbefund',
    CR: 'Komplette Remission',
    PR: 'Partielle Remission',
    SD: 'Stabile Erkrankung',
    PD: 'Progrediente Erkrankung',
    NE: 'Nicht beurteilbar',
  },
  nonTargets: {
    baseline: 'Ausgangsbefund',
    CR: 'komplette Remission',
    'non-CR/non-PD': 'Non-CR/Non-PD',
    PD: 'Progression',
    NE: 'nicht beurteilbar',
  },
  unconfirmedResponse: 'nach 4 Wochen zu bestätigen',
  notAssessed: 'Nicht bestimmt',
  targetSum: 'Summe der Zielläsionsdurchmesser',
  sumAgainst: (sum, baseline, nadir) => `${sum} (Ausgangswert ${baseline}, Nadir ${nadir})`,
  nonTargetLesions: 'Nicht-Zielläsionen',
  newLesions: 'Neue Läsionen',
  findings: 'Befunde',
  confirmedCount: (count, volume) =>
    count === 0
      ? 'Keine bestätigte Läsion'
      : `${plural(count, 'bestätigte Läsion', 'bestätigte Läsionen')}, zusammen ${volume}`,
  candidateCount: (count) => `${plural(count, 'Kandidat', 'Kandidaten')}, vom Befunder anzunehmen oder abzulehnen`,
  changeCounts: (counts) =>
    (
      [
        ['new', 'neu'],
        ['reappeared', 'wieder sichtbar'],
        ['grown', 'gewachsen'],
        ['stable', 'stabil'],
        ['shrunk', 'geschrumpft'],
        ['unclear', 'unklar'],
        ['gone', 'nicht mehr sichtbar'],
      ] as const
    )
      .filter(([change]) => counts[change] > 0)
      .map(([change, word]) => `${counts[change]} ${word}`)
      .join(' · '),

  changes: {
    baseline: 'Ausgangsbefund',
    new: 'neu',
    grown: 'gewachsen',
    stable: 'stabil',
    shrunk: 'geschrumpft',
    reappeared: 'wieder sichtbar',
    unclear: 'unklar',
  },
  confidences: { confirmed: 'bestätigt', candidate: 'Kandidat' },
  site: ({ structure, laterality }) =>
    laterality ? `${laterality.meaning} ${structure.meaning.toLowerCase()}` : structure.meaning,
  overview: 'Lage (aktuell)',
  prior: 'Voruntersuchung, registriert',
  current: 'Aktuell, umrandet',
  noPriorImage: 'keine Voruntersuchung',
  nothingFound: 'Keine Hirnmetastase gefunden',
  morePictures: (shown, all) =>
    `${shown} von ${all} Läsionen: bestätigte zuerst, dann neue, gewachsene und nach Volumen`,
  pictureNote: 'Axial; R und L sind die Seiten des Patienten. Bilder zur Orientierung, nicht zur Diagnose.',
  sincePrior: (percent, interval) => `${percent} in ${interval}`.replace(/Tage$/, 'Tagen'),
  doubling: (days) => `verdoppelt in ${plural(days, 'Tag', 'Tagen')}`,
  howItCame: 'Wie das Ansprechen zustande kam',

  growthCurves: 'Wachstumskurven',
  growthNote: 'Volumen in cm³ über Wochen vor dieser Untersuchung; von einer Linie zur nächsten verdoppelt es sich.',
  growthFirst: 'Erste Untersuchung: die Kurven beginnen mit der nächsten.',
  notSeen: 'nicht sichtbar',
  now: 'jetzt',
  weeks: (count) => `${count} Wo`,
  lesionTable: 'Läsionen',
  columns: {
    lesion: 'Läsion',
    site: 'Lokalisation',
    confidence: 'Befund',
    change: 'Verlauf',
    volume: 'Volumen',
    axes: 'Lange × kurze Achse',
    sincePrior: 'zu vorher',
    sinceFirst: 'zum Ausgang',
    doubling: 'Verdopplung',
  },
  sinceFirstNote: '* beim Ausgangsbefund nicht vorhanden: gegen die erste Sichtung',
  moreLesions: (count) =>
    `und ${plural(count, 'weitere Läsion', 'weitere Läsionen')}, aufgeführt im strukturierten Befund (SR)`,
  gone: 'Frühere Läsionen, jetzt nicht gefunden',
  goneLesion: (name, status, last, mergedInto) => {
    const fate = {
      'no longer seen': 'nicht mehr sichtbar',
      merged: `in ${mergedInto} aufgegangen`,
      'not covered': 'nicht im Bild',
    }[status];
    return `${name}: ${fate}, zuletzt ${last}`;
  },
  merged: (name, others) => `${name} ist mit ${others} zusammengewachsen.`,
  split: (name, from) => `${name} war ein Teil von ${from}.`,
  notes: 'Hinweise',
  moreNotes: (count) => `und ${plural(count, 'weiterer Satz', 'weitere Sätze')} im strukturierten Befund (SR)`,
  forced: 'Die Serie wurde von einer Person gewählt, gegen die Auswahlregeln.',
  candidateNote:
    'Bestätigt: vom Netz hoher Spezifität gefunden. Kandidat: nur vom Netz hoher Sensitivität gesehen; zählt weder als neue Läsion noch als Progression.',
  models: 'Netze',
  model: (role, name, version) =>
    `Netz hoher ${role === 'sensitivity' ? 'Sensitivität' : 'Spezifität'} ${name} ${version}`,
};
