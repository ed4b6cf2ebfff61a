/**
 * Twenty people's whole heads as label maps, to make phantoms from: `data/training_label_maps/training_seg_XX.nii.gz` of the
 * repository BBillot/SynthSeg (Apache-2.0), named `seg_XX.nii.gz` here. 256³ voxels of 1 mm, FreeSurfer's labels for the brain and
 * labels from 501 on for what lies around it. They are not part of this project: `priora phantom` takes the folder that holds them.
 *
 * @see Billot et al. 2023, SynthSeg, doi:10.1016/j.media.2023.102789
 */
export const anatomyDigests: Readonly<Record<string, string>> = {
  '01': 'edbf1229a0552f8ce37438d02f59e810583b71b0a1b4d31dc38e5e2b2517acb1',
  '02': '65e64c6b9415f389dfda5182ec3a269836925b04166ea82f47b230e54980d0a4',
  '03': 'f746e2f90e4dccd7bbbdc18bdd6374e455ddb7fc044504a0a42edc8507cf1aa0',
  '04': 'fbcf9d5d3b946dc53cff2e9954abb8c8172960ac35b1bf80c3ca240b4feda140',
  '05': 'a53baa7b0faea832d45f8a5b9a234b2b6d4ca92bf5c98baeada4a935cc2f1183',
  '06': '57d8c612469359da78b7c16647cc6979be461eb03b59805e7ebded51554f9ead',
  '07': 'feaa1e8f320e037709a51e30881fe8076a45fc06611a09bbd87e76f8f3f89826',
  '08': 'f4a9d39c5c64bc5457de84b10a4c4b47f3bb6257e9f396ffa61d290015f178d2',
  '09': '6f41f2b755c97185167d887d95180ca4c754578f81cd30fe8119df1e20bb27d5',
  '10': '4a0147bf1d52c6853176777554165d79a01656ddb8f8474da48b65d6218b664e',
  '11': '02e468bbb652ff0da18eeb73932f09813150ef95155ba7669831849da8517196',
  '12': '5d0a47dd3ff4d821cc758e388a49da5744bf86dee423ed93bf727472a8454d8d',
  '13': 'd11cf676fbd5b9316fe30acbca98c854cf88dbcee74a5fe22092ac91ccd8d3a1',
  '14': '7b8d1783c1b5b71b454644169d848b28fa57a33ca4a9b49ff88ad897b8aea570',
  '15': 'a896e39351622c2e138195780ba267811d7d162df0da0091126550f5de3b74ff',
  '16': 'f48c442569883055440a930ad098b4e747d72deb6369f529e4486c36b0cbfe81',
  '17': 'b3497de68fe813494b619d71513bafc872b7e367ee442decd8fabc094f4402fc',
  '18': 'dbf3b2297907c88481594a2441a47aa13c75452cd7323fec0313b785b04c9671',
  '19': '719d714096fdd3c0964ad9dae6115cef9de8d93a25105504879b0dfa844da0f8',
  '20': '4c2ab7e6a7711a6e00b7e6c6b40d5fd8c318d0aea3c472248b97d9d4c8cea555',
};

/**
 * Which heads make which patients, for good: a head that tests a network has neither trained it nor chosen anything about it.
 */
export const anatomySplit = {
  train: ['02', '04', '06', '07', '08', '10', '12', '13', '15', '16', '17', '18', '19', '20'],
  validation: ['03', '11'],
  test: ['01', '05', '09', '14'],
} as const;

export type Split = keyof typeof anatomySplit;

/** The head of a patient: seeds take a split's heads in turn. */
export const anatomyOf = (split: Split, seed: number): string => anatomySplit[split][seed % anatomySplit[split].length];
