//! An authenticator and its browser under the test's control: each part of a response can be changed before
//! it is signed.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::{SystemRandom, fill};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub const RP_ID: &str = "example.com";
pub const ORIGIN: &str = "https://login.example.com";

/// Flags of authenticator data.
pub const UP: u8 = 1;
pub const UV: u8 = 4;
pub const BE: u8 = 8;
pub const BS: u8 = 16;
pub const AT: u8 = 64;
pub const ED: u8 = 128;

pub fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn decoded(value: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap()
}

pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

/// The needed part of CBOR (RFC 8949).
pub mod cbor {
    pub fn head(major: u8, argument: usize) -> Vec<u8> {
        let major = major << 5;
        match argument {
            0..24 => vec![major | argument as u8],
            24..256 => vec![major | 24, argument as u8],
            256..65_536 => [&[major | 25][..], &(argument as u16).to_be_bytes()].concat(),
            _ => [&[major | 26][..], &(argument as u32).to_be_bytes()].concat(),
        }
    }

    pub fn int(number: i64) -> Vec<u8> {
        if number < 0 { head(1, (-1 - number) as usize) } else { head(0, number as usize) }
    }

    pub fn bytes(bytes: &[u8]) -> Vec<u8> {
        [head(2, bytes.len()), bytes.to_vec()].concat()
    }

    pub fn text(text: &str) -> Vec<u8> {
        [head(3, text.len()), text.as_bytes().to_vec()].concat()
    }

    pub fn map(entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
        let flat = entries.iter().flat_map(|(key, value)| [key.clone(), value.clone()].concat());
        head(5, entries.len()).into_iter().chain(flat).collect()
    }
}

/// The key pair of a credential.
pub enum Key {
    Es256(Box<EcdsaKeyPair>),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

impl Key {
    pub fn es256() -> Key {
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pair = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
        Key::Es256(Box::new(EcdsaKeyPair::from_pkcs8(algorithm, pair.as_ref()).unwrap()))
    }

    pub fn eddsa() -> Key {
        Key::EdDsa(Ed25519KeyPair::generate().unwrap())
    }

    pub fn rs256(size: KeySize) -> Key {
        Key::Rs256(RsaKeyPair::generate(size).unwrap())
    }

    pub fn algorithm(&self) -> i64 {
        match self {
            Key::Es256(_) => -7,
            Key::EdDsa(_) => -8,
            Key::Rs256(_) => -257,
        }
    }

    /// Returns the members of the COSE_Key.
    pub fn members(&self) -> Vec<(i64, Vec<u8>)> {
        let algorithm = (3, cbor::int(self.algorithm()));
        match self {
            Key::Es256(pair) => {
                let point = pair.public_key().as_ref();
                let x = cbor::bytes(&point[1..33]);
                let y = cbor::bytes(&point[33..]);
                vec![(1, cbor::int(2)), algorithm, (-1, cbor::int(1)), (-2, x), (-3, y)]
            }
            Key::EdDsa(pair) => {
                let x = cbor::bytes(pair.public_key().as_ref());
                vec![(1, cbor::int(1)), algorithm, (-1, cbor::int(6)), (-2, x)]
            }
            Key::Rs256(pair) => {
                let n = pair.public_key().modulus();
                let e = pair.public_key().exponent();
                let n = n.big_endian_without_leading_zero();
                let e = e.big_endian_without_leading_zero();
                vec![(1, cbor::int(3)), algorithm, (-1, cbor::bytes(n)), (-2, cbor::bytes(e))]
            }
        }
    }

    /// Returns the public key as a SubjectPublicKeyInfo.
    pub fn spki(&self) -> Vec<u8> {
        let der: PublicKeyX509Der = match self {
            Key::Es256(pair) => pair.public_key().as_der(),
            Key::EdDsa(pair) => pair.public_key().as_der(),
            Key::Rs256(pair) => pair.public_key().as_der(),
        }
        .unwrap();
        der.as_ref().to_vec()
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Key::Es256(pair) => pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Key::EdDsa(pair) => pair.sign(message).as_ref().to_vec(),
            Key::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
                signature
            }
        }
    }
}

pub fn cose(members: &[(i64, Vec<u8>)]) -> Vec<u8> {
    let members: Vec<_> = members.iter().map(|(label, value)| (cbor::int(*label), value.clone())).collect();
    cbor::map(&members)
}

/// An authenticator with one credential.
pub struct Device {
    pub key: Key,
    pub id: Vec<u8>,
    pub user_handle: Vec<u8>,
    pub flags: u8,
    pub count: u32,
}

/// A device's new credential, before it is encoded.
pub struct Made {
    pub client_data: String,
    pub rp_id: String,
    pub flags: u8,
    pub count: u32,
    pub aaguid: [u8; 16],
    /// The identifier in the authenticator data, and the one beside it.
    pub id: Vec<u8>,
    pub raw_id: Vec<u8>,
    pub public_key: Vec<u8>,
    /// The bytes after the credential: extensions, or invalid ones.
    pub rest: Vec<u8>,
    /// `packed` with the credential's own key and this algorithm, or `none`.
    pub packed: Option<i64>,
    pub transports: Value,
}

impl Made {
    pub fn authenticator_data(&self) -> Vec<u8> {
        let mut data = sha256(self.rp_id.as_bytes());
        data.push(self.flags);
        data.extend(self.count.to_be_bytes());
        if self.flags & AT != 0 {
            data.extend(self.aaguid);
            data.extend((self.id.len() as u16).to_be_bytes());
            data.extend(&self.id);
            data.extend(&self.public_key);
        }
        data.extend(&self.rest);
        data
    }
}

/// A device's assertion, before it is signed.
pub struct Answer {
    pub client_data: String,
    pub rp_id: String,
    pub flags: u8,
    pub count: u32,
    pub rest: Vec<u8>,
    pub id: Vec<u8>,
    pub raw_id: Vec<u8>,
    pub user_handle: Option<Vec<u8>>,
}

impl Device {
    pub fn new(key: Key) -> Device {
        let mut id = vec![0; 16];
        fill(&mut id).unwrap();
        Device { key, id, user_handle: Vec::new(), flags: UP | UV, count: 0 }
    }

    /// Does the work of `navigator.credentials.create` and `toJSON`.
    pub fn create(&mut self, options: &Value) -> Value {
        self.create_bent(options, |_| ())
    }

    pub fn create_bent(&mut self, options: &Value, bend: impl FnOnce(&mut Made)) -> Value {
        self.user_handle = decoded(&options["user"]["id"]);
        let mut made = Made {
            client_data: client_data("webauthn.create", options),
            rp_id: RP_ID.to_owned(),
            flags: self.flags | AT,
            count: self.count,
            aaguid: [7; 16],
            id: self.id.clone(),
            raw_id: self.id.clone(),
            public_key: cose(&self.key.members()),
            rest: Vec::new(),
            packed: None,
            transports: json!(["internal", "hybrid"]),
        };
        bend(&mut made);
        let data = made.authenticator_data();
        let statement = match made.packed {
            None => cbor::map(&[]),
            Some(algorithm) => {
                let signed = [data.clone(), sha256(made.client_data.as_bytes())].concat();
                cbor::map(&[
                    (cbor::text("alg"), cbor::int(algorithm)),
                    (cbor::text("sig"), cbor::bytes(&self.key.sign(&signed))),
                ])
            }
        };
        let format = if made.packed.is_some() { "packed" } else { "none" };
        let object = attestation_object(format, &statement, &data);
        json!({
            "id": encoded(&made.id), "rawId": encoded(&made.raw_id), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": {"credProps": {"rk": true}},
            "response": {
                "clientDataJSON": encoded(made.client_data.as_bytes()), "attestationObject": encoded(&object),
                "authenticatorData": encoded(&data), "transports": made.transports,
                "publicKeyAlgorithm": self.key.algorithm(),
            },
        })
    }

    /// Does the work of `navigator.credentials.get` and `toJSON`.
    pub fn get(&mut self, options: &Value) -> Value {
        self.get_bent(options, |_| ())
    }

    pub fn get_bent(&mut self, options: &Value, bend: impl FnOnce(&mut Answer)) -> Value {
        let mut answer = Answer {
            client_data: client_data("webauthn.get", options),
            rp_id: RP_ID.to_owned(),
            flags: self.flags,
            count: self.count,
            rest: Vec::new(),
            id: self.id.clone(),
            raw_id: self.id.clone(),
            user_handle: Some(self.user_handle.clone()),
        };
        bend(&mut answer);
        let mut data = sha256(answer.rp_id.as_bytes());
        data.push(answer.flags);
        data.extend(answer.count.to_be_bytes());
        data.extend(&answer.rest);
        let signed = [data.clone(), sha256(answer.client_data.as_bytes())].concat();
        json!({
            "id": encoded(&answer.id), "rawId": encoded(&answer.raw_id), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encoded(answer.client_data.as_bytes()), "authenticatorData": encoded(&data),
                "signature": encoded(&self.key.sign(&signed)),
                "userHandle": answer.user_handle.map(|handle| encoded(&handle)),
            },
        })
    }
}

pub fn attestation_object(format: &str, statement: &[u8], data: &[u8]) -> Vec<u8> {
    cbor::map(&[
        (cbor::text("fmt"), cbor::text(format)),
        (cbor::text("attStmt"), statement.to_vec()),
        (cbor::text("authData"), cbor::bytes(data)),
    ])
}

fn client_data(ceremony: &str, options: &Value) -> String {
    let challenge = options["challenge"].as_str().unwrap();
    format!(r#"{{"type":"{ceremony}","challenge":"{challenge}","origin":"{ORIGIN}","crossOrigin":false}}"#)
}
