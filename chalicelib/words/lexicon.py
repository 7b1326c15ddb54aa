"""What neighbours ask of one another, in the words of four languages.

Written by hand for this product. A word stands in one line only; words that say when or how much, and those
that every request has, stand in none.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from chalicelib.words.model import terms

_THINGS = """
courses commissions épicerie supermarché achats provisions caddie groceries shopping supermarket grocer
    store einkauf einkaufen supermarkt einkäufe besorgungen boodschappen winkel winkelen
repas plat cuisine cuisiner dîner déjeuner manger nourriture aliments alimentaire soupe gamelle food meal
    meals lunch dinner dish cook cooking cooked eat soup feed kitchen essen mahlzeit kochen gericht suppe
    nahrung maaltijd eten koken gerecht soep voedsel
eau boisson boissons boire bouteille water drink drinks drinking bottle bottled wasser getränke trinken
    flasche drinken fles
pharmacie médicaments ordonnance ordonnances pharmacien parapharmacie pharmacy medicine medicines drugs
    prescription chemist medication pills apotheke medikamente rezept arznei apotheek medicijnen
    geneesmiddelen recept
médecin docteur infirmière infirmier hôpital clinique soins soin santé médical médicale kiné doctor nurse
    hospital clinic medical health ambulance arzt ärztin krankenhaus pflege gesundheit dokter verpleegster
    ziekenhuis zorg gezondheid
sang blood blut bloed donneur donor donors plasma
enfant enfants bébé babysitting babysitter nounou crèche garderie baby kid kids child children childcare
    nanny toddler kinder kinderbetreuung krippe kinderen oppas kinderopvang
devoirs devoir scolaire leçons maths mathématiques révisions révision collège lycée élève homework tutoring
    tutor lessons school pupil exam hausaufgaben nachhilfe schule schüler huiswerk bijles leerling
compagnie visite visites conversation discuter solitude isolement isolé bavarder promenade visit visits
    company talk lonely loneliness walk besuch gesellschaft einsam plaudern spaziergang bezoek gezelschap
    eenzaam praten wandelen
écoute écouter moral psychologue psychologique deuil listening listen psychological counselling grief
    zuhören seelsorge luisteren luisterend
papiers démarches administratif administrative administratives formulaire formulaires dossier courrier
    impôts caf paperwork forms form papers documents formulare anträge antrag behörde steuer papieren
    formulieren aanvraag belasting administratie
ordinateur ordi informatique numérique internet imprimante logiciel wifi tablette computer laptop printer
    software online email digital tablet rechner drucker
téléphone smartphone portable mobile appel phone telephone cell call telefon handy anruf telefoon gsm
voiture transport conduire trajet covoiturage véhicule chauffeur accompagner accompagnement taxi car drive
    ride lift driver vehicle transportation truck bus auto fahrt fahren fahrer begleiten mitfahren rit
    rijden vervoer begeleiden
déménagement déménager meuble meubles cartons carton monter armoire canapé moving furniture boxes wardrobe
    sofa umzug möbel schrank kisten verhuizen verhuizing meubels kast dozen
bricolage bricoler réparation réparer réparations outils perceuse plomberie robinet fuite ampoule étagère
    repair repairs fix tool tools drill plumbing leak tap bulb shelf reparatur reparieren werkzeug
    bohrmaschine wasserhahn klempner herstelling herstellen gereedschap boormachine kraan loodgieter
électricité électricien panne electricity electrician power electric strom elektriker stromausfall
    elektriciteit stroom elektricien
jardin jardinage jardiner tondre pelouse haie plantes arroser potager tondeuse garden gardening lawn mow
    hedge plants watering garten rasen mähen hecke pflanzen giessen tuin tuinieren gras maaien haag planten
chien chiens chat chats animal animaux promener croquettes vétérinaire dog dogs cat cats pet pets hund katze
    haustier tierarzt hond kat huisdier dierenarts
vêtements vêtement habits habit manteau chaussures habillement layette linge clothes clothing clothe coat
    shoes kleidung kleider jacke mantel schuhe kleding kleren jas schoenen
couverture couvertures couette drap draps matelas blanket blankets duvet sheets mattress bedding decke
    decken bettwäsche matratze deken dekens lakens matras
logement hébergement héberger loger chambre toit abri tente appartement colocation housing shelter
    accommodation room roof tent tents flat apartment lodging unterkunft wohnung zimmer zelt obdach
    huisvesting onderdak kamer woning
traduction traduire traducteur interprète traductions translation translate translator interpreter
    übersetzung übersetzen dolmetscher vertaling vertalen tolk
langue apprendre grammaire language learn lernen sprache taal leren
matériel équipement prêter prêt emprunter fauteuil béquilles déambulateur poussette lit equipment lend loan
    borrow wheelchair crutches pram stroller bed ausrüstung leihen ausleihen rollstuhl krücken kinderwagen
    materiaal lenen rolstoel krukken
masque masques gel désinfectant savon hygiène mask masks sanitizer soap hygiene sanitary maske masken seife
    desinfektionsmittel masker maskers zeep
vélo vélos bicyclette bike bicycle cycling fahrrad rad fiets fietsen
ménage nettoyer nettoyage laver vaisselle repassage cleaning clean wash laundry ironing putzen reinigen
    waschen bügeln schoonmaken poetsen wassen strijken
couture coudre couturière machine ourlet sewing sew tailor nähen schneiderin naaien naaister
poubelle poubelles déchets encombrants waste rubbish trash müll sperrmüll abfall vuilnis afval
argent dons donner dette loyer money donate donation donations fund funds debt rent geld spende spenden
    miete schulden huur donatie
bénévole bénévoles volontaire volunteer volunteers team teams freiwillige ehrenamtliche mannschaft
    vrijwilliger vrijwilligers ploeg
secours sauvetage urgence pompier rescue emergency rettung notfall feuerwehr redding noodgeval brandweer
emploi cv lettre motivation entretien embauche job resume interview bewerbung lebenslauf sollicitatie
lecture livre livres lire bibliothèque book books read reading library buch bücher lesen bibliothek boek
    boeken lezen bibliotheek
jeux jeu jouets jouet game games toy toys spiel spiele spielzeug spel speelgoed
sport gymnastique yoga exercise gym running sportverein turnen sporten
musique piano guitare chant music guitar singing musik gitarre klavier muziek gitaar zang
"""


@cache
def things() -> Mapping[int, frozenset[str]]:
    """Return of each thing the stems of its words; things are numbered from 0."""
    lines = _THINGS.replace("\n    ", " ").strip().splitlines()
    return MappingProxyType({number: frozenset(terms(line)) for number, line in enumerate(lines)})


@cache
def thing_of() -> Mapping[str, int]:
    """Return the thing that each stem of the lexicon speaks of."""
    return MappingProxyType({stem: number for number, stems in things().items() for stem in stems})
