import { expect, test } from 'vitest';
import {
  asciiPlace,
  bareCity,
  compactDate,
  foldedEmail,
  ga4Name,
  genderLetter,
  googleEmail,
  googleFirstName,
  googleLastName,
  hash,
  hashField,
  lowerCountry,
  metaCity,
  metaExternalId,
  metaName,
  metaPostalCode,
  metaRegion,
  phoneDigits,
  phoneE164,
  pinterestPostalCode,
  plainEmail,
  publicIp,
  spacelessEmail,
  spacelessName,
  spacelessPostalCode,
} from './normalise.ts';

// The vectors of the relay fact sheet (relays §4.3), computed there with another implementation.
test.each([
  [
    'e-mail',
    plainEmail,
    '  Nora.Lind+promo@GMail.com ',
    undefined,
    '7c90631fe9ea44a4255c42b5f062069023b180ae72837a24e01ca1d565648846',
  ],
  ['e-mail', plainEmail, 'K.Ono+news@Example.JP', undefined, '82c9473efcc7b5236a7e6f51f742b1076b6c473a7c019019874ea1d8691a675b'],
  ['phone', phoneDigits, '+49 (0)151 2345-6789', undefined, 'c0f8f0bebbbac96451ee8d8def84a02ae9e34c877775437cb9d458328315afa7'],
  ['phone', phoneDigits, '0044 20 7946 0958', undefined, '35e206e5dec4c89b9e8b71b8c32724a5bb518483ac5a20c6617d738375b3b823'],
  ['first name', metaName, ' Zoë ', undefined, '2752b88686847fa5c86f47b94ce652b7b3f22a91c37617d451a4db9afa431450'],
  ['first name', metaName, 'Dr. Anna Lena', undefined, '0826ea89f0813d2aaaff1ba5ed9736b58d86ec35302a1e19b13d700df33accaa'],
  ['last name', metaName, "D'Arc-Müller", undefined, '3c645628e0f71dec509c38da22b21fee712e22092ebe13be8488bb4e6b0f015e'],
  ['last name', metaName, 'Иванова', undefined, 'acd8d414fee763e248a79599112c25182d15155c07b62f83f04825c74808584a'],
  ['city', metaCity, 'Saint-Étienne', undefined, 'c14269527c1426d240cd0e2fe136076b71086bb29cd105f9195c0495c6c4c695'],
  ['region', metaRegion, 'California', 'US', '6959097001d10501ac7d54c0bdb8db61420f658f2922cc26e46d536119a31126'],
  ['postal code', metaPostalCode, '94107-2282', undefined, 'c884a209ebe08750a7d13db63bd02233b375bd79786cbe329ab11586cc35dead'],
  ['postal code', metaPostalCode, 'SW1A 2AA', undefined, '7916442422d8e118392b540a453b622c4c50702e65730c26ec50d05991b8f1e2'],
  ['country', lowerCountry, 'Germany', undefined, '959a45d44e6fcf58361ed004681556fe50129f2109e817dec098c00c9e5d2578'],
  ['country', lowerCountry, 'DEU', undefined, '959a45d44e6fcf58361ed004681556fe50129f2109e817dec098c00c9e5d2578'],
  ['country', lowerCountry, 'USA', undefined, '79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621'],
  ['external id', metaExternalId, ' Cust-77 A ', undefined, '88bc73cb1bec2e603d24b60b2b2161bbc0df18bef32936d86b0dc8a290484b10'],
  ['gender', genderLetter, 'Female', undefined, '252f10c83610ebca1a059c0bae8255eba2f95be4d1d7bcfa89d7248a82d9f111'],
  ['birth date', compactDate, '1990-02-07', undefined, 'edea04e85c7a03c3e0dce7ac2f864c87b2ebf319e10e8cda20c619efd4d0e5c3'],
  [
    'e-mail',
    googleEmail,
    '  Nora.Lind+promo@GMail.com ',
    undefined,
    '89c85da92dcc5ea62bdbe7c9e46056600235a70e34349f90c2b35518cfe5c717',
  ],
  [
    'e-mail',
    foldedEmail,
    '  Nora.Lind+promo@GMail.com ',
    undefined,
    '89c85da92dcc5ea62bdbe7c9e46056600235a70e34349f90c2b35518cfe5c717',
  ],
  [
    'e-mail',
    googleEmail,
    'Ota.Berg+x@GoogleMail.com',
    undefined,
    '5e1a69d3e1d37a0f31a127928c27cf3b6ccc6d3ff231ddbf7c0e00e0e91f9a63',
  ],
  ['e-mail', googleEmail, 'K.Ono+news@Example.JP', undefined, '82c9473efcc7b5236a7e6f51f742b1076b6c473a7c019019874ea1d8691a675b'],
  ['e-mail', foldedEmail, 'K.Ono+news@Example.JP', undefined, 'e942346b8c4a845e67f1cfe06664ba581cb60b3ad96255ffcf77c4bb83ce80c2'],
  [
    'e-mail',
    spacelessEmail,
    '  Nora.Lind+promo @GMail.com ',
    undefined,
    '7c90631fe9ea44a4255c42b5f062069023b180ae72837a24e01ca1d565648846',
  ],
  ['phone', phoneE164, '+49 (0)151 2345-6789', undefined, '663a4322addcdcc2be9435bfd2505066dc1048b89d33e48f363119f18bdd71e8'],
  ['phone', phoneE164, '0044 20 7946 0958', undefined, 'f0bf0228144d9fe2bdf1da2d8ca698f17bf1410ee688b075c27062e47b6f0b6d'],
  ['phone', phoneE164, '(415) 555-0132 ext. 9', 'US', '9e1919ad78a34fd67a84bfbcf2fea14074065517bea32e92924771c3f92e5462'],
  ['first name', spacelessName, ' Zoë ', undefined, '2752b88686847fa5c86f47b94ce652b7b3f22a91c37617d451a4db9afa431450'],
  ['first name', googleFirstName, ' Zoë ', undefined, '2752b88686847fa5c86f47b94ce652b7b3f22a91c37617d451a4db9afa431450'],
  ['first name', googleFirstName, 'Dr. Anna Lena', undefined, 'ac801e3e21c9f4b6d419e67cfe5bfb16aa56c5b7c5cbb096d7cf232e364e9a44'],
  ['last name', googleLastName, "D'Arc-Müller", undefined, '20db4eb6d4e5809333353256b412819c3efce8d3a9b4d2eb45d106d0073fe15f'],
  ['last name', spacelessName, "D'Arc-Müller", undefined, '20db4eb6d4e5809333353256b412819c3efce8d3a9b4d2eb45d106d0073fe15f'],
  ['last name', googleLastName, 'King, Jr.', undefined, 'e81dfe69841ad2f7b5790b63e998f0febaf3b29acd732881975130761b98e2c7'],
  ['last name', googleLastName, 'Иванова', undefined, 'acd8d414fee763e248a79599112c25182d15155c07b62f83f04825c74808584a'],
  ['last name', spacelessName, 'Иванова', undefined, 'acd8d414fee763e248a79599112c25182d15155c07b62f83f04825c74808584a'],
  ['postal code', spacelessPostalCode, 'SW1A 2AA', undefined, 'a5c027b44d4d7b5acc1d9375b4e4b718863ae903b9f2b01697f686ca2522b8ce'],
] as const)('%s: %#', (_name, rule, raw, country, expected) => {
  expect(hashField(raw, rule, country)).toBe(expected);
});

test('R5: nothing is hashed from nothing', () => {
  expect(hash('')).toBeUndefined();
  expect(hashField('   ', plainEmail)).toBeUndefined();
  expect(hashField('not an address', plainEmail)).toBeUndefined();
  expect(hashField('1990-02-30', compactDate)).toBeUndefined();
  expect(hashField('Atlantis', lowerCountry)).toBeUndefined();
});

test('R6: a hash is never hashed', () => {
  expect(hashField('35E970543DD90DB33B7477C27E1A01631C53E1368A6745EF900479BD919EFF5D', plainEmail)).toBe(
    '35e970543dd90db33b7477c27e1a01631c53e1368a6745ef900479bd919eff5d',
  );
});

test('only whole public addresses pass', () => {
  expect(['8.8.8.8', '2a00:1450::8844'].map(publicIp)).toEqual(['8.8.8.8', '2a00:1450::8844']);
  for (const ip of [
    '10.1.2.3',
    '127.0.0.1',
    '192.168.0.1',
    '8.8.8.0',
    '::1',
    'fe80::1',
    'fd00::1',
    '2a00:1450::',
    '::ffff:10.0.0.1',
    'x',
    undefined,
  ])
    expect(publicIp(ip)).toBeUndefined();
});

test('what a platform takes in plain is made plain, and nothing is made of nothing', () => {
  expect(asciiPlace('São Paulo')).toBe('sopaulo');
  expect(asciiPlace('Киев')).toBeUndefined();
  expect(bareCity('Saint-Étienne (Loire)')).toBe('saintétienneloire');
  expect(ga4Name(googleLastName)("D'Arc-Müller 3rd")).toBe('darcmüller');
  expect(pinterestPostalCode('94107-2282', 'US')).toBe('94107');
  expect(pinterestPostalCode('SW1A 2AA', 'GB')).toBe('sw1a2aa');
  expect(foldedEmail('+only@example.com')).toBeNull();
  expect(googleFirstName('Dr. ')).toBeNull();
});
