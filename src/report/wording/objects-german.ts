import type { ObjectsWording } from './objects-english.js';

/** What objects say beside a report's text, in German. */
export const germanObjects: ObjectsWording = {
  demonstration: 'Demogewichte, nicht für klinischen Gebrauch',
  research: 'nur für die Forschung',
  demonstrationSeries: {
    SEG: 'Priora SEG',
    LABELMAP: 'Priora LABELMAP',
    SR: 'Priora SR',
    RTSTRUCT: 'Priora RTSTRUCT',
    REG: 'Priora REG',
    KOS: 'Priora Bildauswahl',
    PDF: 'Priora PDF',
    RejectionNote: 'Priora Rücknahme',
  },
  series: {
    SEG: 'Priora Hirnmetastasen SEG',
    LABELMAP: 'Priora Hirnmetastasen Labelmap',
    SR: 'Priora Hirnmetastasen Bericht',
    RTSTRUCT: 'Priora Hirnmetastasen Konturen',
    REG: 'Priora Voruntersuchung zu aktuell',
    KOS: 'Priora Hirnmetastasen Bildauswahl',
    PDF: 'Priora Blatt fürs Tumorboard',
    RejectionNote: 'Priora Rücknahme',
  },
  segment: { confirmed: 'Metastase', candidate: 'Kandidat' },
  segments: 'Hirnmetastasen, je ein Segment',
  structureSet: 'Hirnmetastasen',
  beforePlanning: 'Befunde eines Computers: vor jeder Planung zu prüfen.',
  trackedAs: (name, trackingUID) => `${name}, Tracking-UID ${trackingUID}`,
  keyImages: 'Schichten mit Hirnmetastasen, von Software gefunden.',
  image: (number, lesions) => `Bild ${number}: ${lesions}.`,
  superseded:
    'Durch ein neueres Ergebnis ersetzt. Bilder, Voruntersuchung oder Modelle, aus denen es entstand, haben sich geändert.',
};
