import type { ObjectsWording } from './objects-english.js';

/** What objects say besides a report's text, in German. */
export const germanObjects: ObjectsWording = {
  demonstration: 'Demogewichte, nicht für klinischen Gebrauch',
  research: 'nur für Forschungszwecke',
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
    PDF: 'Priora Tumorboard-Blatt',
    RejectionNote: 'Priora Rücknahme',
  },
  segments: 'Hirnläsionen, je ein Segment',
  structureSet: 'Hirnläsionen',
  beforePlanning: 'Computergenerierte Befunde: vor Verwendung in der Bestrahlungsplanung zu prüfen.',
  trackingUID: (trackingUID) => `Tracking-UID ${trackingUID}`,
  keyImages: 'Bilder mit softwaregestützt gefundenen Hirnläsionen.',
  image: (number, lesions) => `Bild ${number}: ${lesions}.`,
  superseded: 'Durch ein neueres Ergebnis ersetzt: Bilder, Voruntersuchung oder Modelle haben sich geändert.',
};
