"""What names are built from. Data only; `names.py` joins it.

The composed names are invented: they follow how drugs, diseases, complaints and procedures are named
(stems of the INN list, anatomical roots with Greek endings, eponyms) and mean nothing. The ordinary words
are real, and few.
"""

DRUG_STARTS = (
    "za", "ve", "ri", "lo", "mo", "ta", "du", "be", "ca", "fi", "go", "hy", "ji", "ke", "lu", "mi", "no",
    "o", "pa", "qui", "ro", "si", "te", "u", "vo", "xa", "ya", "zu", "al", "bre", "cla", "dro", "el", "flu",
    "gra", "i", "kri", "lem", "mar", "nef", "or", "pre", "ral", "sel", "tri", "ver", "zel", "am", "bos",
    "cef", "dar", "en", "fos",
)  # fmt: skip
DRUG_MIDDLES = (
    "la", "be", "ci", "do", "fa", "ge", "li", "mo", "na", "pe", "ra", "so", "tu", "va", "xi", "za", "le",
    "mi", "no", "ri", "ta", "ve", "lu", "ne", "ro", "si", "tra", "vo", "do", "ma", "pi", "ga", "lo", "re",
    "fe",
)  # fmt: skip
DRUG_STEMS = (
    "mab", "tinib", "pril", "sartan", "lol", "statin", "conazole", "cillin", "mycin", "floxacin", "dipine",
    "gliptin", "gliflozin", "parin", "vir", "setron", "triptan", "xetine", "zepam", "barbital", "caine",
    "profen", "sone", "nide", "tide", "tecan", "rubicin", "platin", "prazole", "tidine", "phylline",
    "terol", "cept", "lukast", "zosin", "grel", "xaban", "dronate", "cycline", "kinra",
)  # fmt: skip
DRUG_SALTS = ("sodium", "hydrochloride", "acetate", "mesylate", "maleate", "citrate")
DRUG_WORDS = (
    "aspirin", "warfarin", "metformin", "lithium", "digoxin", "ibuprofen", "prednisone", "methotrexate",
    "heparin", "insulin", "morphine", "amiodarone", "phenytoin", "furosemide", "tamoxifen", "clozapine",
    "cisplatin", "propranolol", "simvastatin", "omeprazole", "carbamazepine", "haloperidol", "ketamine",
    "captopril",
)  # fmt: skip

ROOTS = (
    "nephr", "hepat", "cardi", "gastr", "enter", "col", "dermat", "neur", "myel", "oste", "arthr",
    "encephal", "mening", "pneumon", "bronch", "rhin", "kerat", "retin", "thyr", "aden", "pancreat",
    "splen", "cyst", "prostat", "angi", "arteri", "phleb", "lymph", "chondr", "tend", "oesophag", "laryng",
    "trache", "pleur", "duoden", "ile", "choledoch", "ureter", "pyel", "spondyl", "blephar", "ot", "fasci",
    "valvul",
)  # fmt: skip
"""Anatomical roots, without their linking vowel."""

PATHOLOGIES = (
    "itis", "opathy", "osis", "oma", "osclerosis", "omalacia", "odystrophy", "odysplasia", "omatosis",
    "ofibrosis",
)  # fmt: skip
COURSES = (
    "acute", "chronic", "recurrent", "idiopathic", "familial", "autoimmune", "subacute", "refractory",
    "atypical", "diffuse", "focal", "juvenile", "eosinophilic", "granulomatous", "necrotising", "ischaemic",
    "secondary", "lymphocytic", "erosive", "obstructive", "congenital", "bilateral",
)  # fmt: skip
SITES = (
    "hepatic", "renal", "pulmonary", "gastric", "colonic", "cerebral", "spinal", "cardiac", "splenic",
    "pancreatic", "ovarian", "retinal", "pleural", "biliary", "mitral", "carotid", "femoral", "tibial",
    "lumbar", "cervical", "adrenal", "thyroid", "duodenal", "oesophageal", "laryngeal", "pericardial",
    "mesenteric", "ureteric",
)  # fmt: skip
LESIONS = (
    "fibrosis", "stenosis", "abscess", "thrombosis", "failure", "carcinoma", "atrophy", "necrosis",
    "embolism", "haemorrhage", "infarction", "aneurysm", "calculus", "insufficiency", "perforation",
    "sarcoma", "dysplasia",
)  # fmt: skip
SURNAME_STARTS = (
    "Mar", "Ol", "Hart", "Bren", "Kel", "Vos", "Lind", "Tham", "Gar", "Wes", "Rad", "Sten", "Hol", "Fer",
    "Dor", "Pel", "Quin", "Nor", "Zim", "Cal", "Ber", "Had", "Jor", "Lem",
)  # fmt: skip
SURNAME_ENDS = (
    "wick", "den", "ström", "berg", "man", "ley", "ton", "ner", "mann", "ville", "sen", "ovic", "ham",
    "field", "ard", "eau", "stock", "worth", "inger", "ell",
)  # fmt: skip
EPONYM_ENDS = ("disease", "syndrome", "anomaly", "palsy")
CONDITION_WORDS = (
    "hypertension", "asthma", "pneumonia", "diabetes", "migraine", "psoriasis", "epilepsy", "gout",
    "anaemia", "sepsis", "atrial fibrillation", "heart failure", "cirrhosis", "osteoporosis",
    "hypothyroidism", "schizophrenia", "urinary tract infection", "deep vein thrombosis", "stroke",
    "glaucoma", "rheumatoid arthritis", "depression",
)  # fmt: skip

QUALITIES = (
    "burning", "stabbing", "dull", "intermittent", "nocturnal", "throbbing", "sudden", "persistent", "mild",
    "severe", "migratory", "exertional", "postprandial", "crushing", "progressive", "fluctuating", "morning",
    "radiating", "colicky", "cramping", "asymmetric", "transient", "unremitting", "positional",
)  # fmt: skip
BODY_PARTS = (
    "epigastric", "calf", "jaw", "shoulder", "wrist", "ankle", "flank", "chest", "neck", "facial", "thigh",
    "groin", "hip", "knee", "scalp", "lip", "tongue", "eyelid", "finger", "foot", "hand", "abdominal",
    "pelvic", "lower back", "rib", "heel", "forearm", "buttock", "temple", "palm",
)  # fmt: skip
SENSATIONS = (
    "pain", "stiffness", "numbness", "weakness", "tingling", "swelling", "tightness", "discomfort", "spasm",
    "tenderness", "itching", "twitching", "rigidity", "heaviness",
)  # fmt: skip
SYMPTOM_WORDS = (
    "headache", "nausea", "vomiting", "dizziness", "fatigue", "fever", "cough", "dyspnoea", "palpitations",
    "insomnia", "diarrhoea", "constipation", "blurred vision", "pruritus", "tremor", "confusion", "syncope",
    "tinnitus", "weight loss", "dry mouth",
)  # fmt: skip

TECHNIQUES = (
    "contrast-enhanced", "duplex", "transabdominal", "high-resolution", "three-dimensional",
    "intraoperative", "bedside", "dynamic", "capsule", "narrow-band", "wide-field", "serial",
    "ultrasound-guided", "fluorescence",
)  # fmt: skip
DIAGNOSTIC_ENDINGS = ("oscopy", "ography", "ometry")
DIAGNOSTIC_TESTS = (
    "ultrasonography", "biopsy", "scintigraphy", "angiography", "elastography", "aspiration cytology",
    "tomography", "manometry", "magnetic resonance imaging", "Doppler imaging",
)  # fmt: skip
DIAGNOSTIC_WORDS = (
    "electrocardiography", "chest radiography", "colonoscopy", "lumbar puncture", "blood culture",
    "spirometry", "echocardiography", "gastroscopy", "computed tomography", "urinalysis",
    "bone marrow biopsy", "coronary angiography",
)  # fmt: skip
APPROACHES = (
    "laparoscopic", "percutaneous", "endoscopic", "open", "robotic", "minimally invasive", "transurethral",
    "partial", "radical", "emergency", "elective", "staged", "image-guided", "video-assisted",
)  # fmt: skip
SURGICAL_ENDINGS = ("ectomy", "otomy", "ostomy", "oplasty", "orrhaphy", "opexy")
SURGICAL_WORDS = (
    "appendicectomy", "cholecystectomy", "radiotherapy", "haemodialysis", "physiotherapy", "plasma exchange",
    "electroconvulsive therapy", "coronary artery bypass", "hip replacement", "phototherapy",
)  # fmt: skip
