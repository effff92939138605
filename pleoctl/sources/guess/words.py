"""Words of charts of accounts in the languages whose systems write them: headers, states, headings."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_NOT_A_WORD: Final = re.compile(r"[^\w]+|_+")


def plain(text: str) -> str:
    """A header or cell for comparing: folded, without accents and signs, words apart by one blank."""
    decomposed = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o").replace("Ø", "o"))
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(_NOT_A_WORD.sub(" ", bare.replace("æ", "ae").replace("Æ", "ae")).casefold().split())


def _set(words: str) -> frozenset[str]:
    return frozenset(plain(word) for word in words.split(","))


#: Role → headers that say it, the most telling first where a role takes one column only.
HEADERS: Final[dict[str, frozenset[str]]] = {
    "number": _set(
        "code,number,no,nr,account number,account no,account nr,account code,account,acctnum,accountnumber,accountcode,"
        "gl account,gl code,ledger account,nominal code,nominal,"  # en
        "konto,kontonummer,konto nr,kontonr,konto no,sachkonto,sachkontonummer,sachkontonr,nummer,"  # de, sv, da, no
        "tili,tilinumero,tilinro,tilin numero,tili nro,tilinr,numero,"  # fi
        "compte,numero de compte,n compte,no compte,num compte,code compte,comptenum,compte num,"  # fr
        "grootboekrekening,grootboeknummer,grootboekrekeningnummer,rekening,rekeningnummer,rekeningnr,"  # nl
        "cuenta,numero de cuenta,n cuenta,no cuenta,codigo,codigo de cuenta,codigo cuenta,cuenta contable,"  # es
        "conto,numero conto,codice,codice conto,n conto,cod conto,sottoconto,"  # it
        "kod,kode,koodi"
    ),
    "name": _set(
        "name,account name,accountname,title,label,description,account description,"
        "bezeichnung,kontobezeichnung,kontenbeschriftung,kontobeschriftung,beschriftung,kontoname,kontenbezeichnung,"
        "namn,kontonamn,benämning,kontobenämning,beskrivning,text,kontotext,"
        "navn,kontonavn,betegnelse,kontobetegnelse,beskrivelse,tekst,"
        "nimi,tilin nimi,tilinimi,kuvaus,selite,"
        "libellé,nom,intitulé,désignation,libellé du compte,libellé compte,nom du compte,comptelib,intitulé du compte,"
        "naam,omschrijving,benaming,rekeningnaam,rekeningomschrijving,"
        "nombre,descripción,denominación,nombre de la cuenta,nombre cuenta,título,"
        "nome,descrizione,denominazione,nome conto,descrizione conto"
    ),
    "id": _set(
        "externalid,external id,id,guid,uuid,accountid,account id,internal id,internalid,record id,recordid,xml id,key,"
        "konto id,kontoid,system id,systemid,unique id,tunniste,identifiant,identificador,identificativo"
    ),
    "active": _set(
        "active,is active,enabled,status,state,aktiv,ist aktiv,är aktiv,er aktiv,tillstand,aktiivinen,tila,käytössä,"
        "actif,statut,état,actief,activo,activa,estado,attivo,attiva,stato,in use,i bruk,i brug"
    ),
    "blocked": _set(
        "blocked,barred,is barred,inactive,archived,closed,disabled,locked,hidden,isblocked,isinactive,deprecated,"
        "gesperrt,inaktiv,archiviert,geschlossen,sperre,spärrad,avslutad,inaktivt,spærret,lukket,sperret,stengt,"
        "estetty,suljettu,lukittu,passiivinen,bloqué,inactif,archivé,fermé,geblokkeerd,inactief,gesloten,"
        "bloqueado,bloqueada,inactivo,inactiva,cerrada,bloccato,bloccata,inattivo,inattiva,disattivato"
    ),
    "type": _set(
        "type,account type,accounttype,kind,class,art,kontoart,kontenart,typ,kontotyp,kontotype,tyyppi,tilityyppi,"
        "type de compte,nature,soort,rekeningtype,tipo,tipo de cuenta,tipo conto,tipo di conto"
    ),
    "tax": _set(
        "taxcodeexternalid,vat,vat code,vatcode,tax,tax code,taxcode,tax type,taxtype,default tax code,moms,momskode,"
        "momskod,mva,mva kode,mvakode,steuer,steuerschlüssel,steuercode,ust,alv,alv koodi,alv tunnus,tva,code tva,"
        "btw,btw code,iva,código iva,codigo de iva,codice iva,aliquota"
    ),
    "end": _set(
        "valid until,valid to,end date,enddate,end,expires,until,to date,gültig bis,enddatum,bis,ende,giltig till,"
        "giltigt till,slutdatum,till och med,gyldig til,slutdato,udløb,utløp,sluttdato,voimassa,voimassa asti,"
        "päättymispäivä,date de fin,fin,valable jusqu'au,geldig tot,einddatum,fecha fin,fecha de fin,válido hasta,"
        "data fine,fine,valido fino al"
    ),
    "currency": _set("currency,currency code,währung,valuta,valuutta,devise,monnaie,munt,moneda,divisa"),
}

#: What headers say besides in tables that are no charts, by resource; these words go first.
TABLES: Final[dict[str, dict[str, frozenset[str]]]] = {
    "taxCodes": {
        "number": _set(
            "tax code,vat code,vatcode,taxcode,moms,momskode,momskod,mva kode,steuerschlüssel,steuercode,alv koodi,"
            "code tva,btw code,código iva,codice iva,bu schlüssel"
        ),
        "rate": _set(
            "rate,tax rate,vat rate,percent,percentage,%,sats,momssats,procent,prosent,satz,steuersatz,prozent,"
            "prosentti,verokanta,taux,taux tva,pourcentage,percentage btw,tarief,tasa,tipo iva,porcentaje,"
            "aliquota,percentuale"
        ),
        "ingoing": _set(
            "ingoing tax account,ingoingtaxaccount,input tax account,input vat account,purchase vat account,"
            "purchase tax account,vorsteuerkonto,ingående konto,ingående momskonto,konto ingående moms,"
            "indgående konto,indgående momskonto,inngående konto,inngående mvakonto"
        ),
        "outgoing": _set(
            "outgoing tax account,outgoingtaxaccount,output tax account,output vat account,sales vat account,"
            "sales tax account,umsatzsteuerkonto,utgående konto,utgående momskonto,konto utgående moms,"
            "udgående konto,udgående momskonto,utgående mvakonto"
        ),
    },
    "vendors": {
        "number": _set(
            "supplier no,supplier number,supplier code,vendor no,vendor number,vendor code,kreditor,kreditornummer,"
            "kreditor nr,lieferantennummer,lieferantennr,leverantörsnummer,leverantörsnr,leverandørnummer,leverandørnr,"
            "kreditornr,toimittajanumero,toimittajanro,code fournisseur,numéro fournisseur,leveranciersnummer,"
            "leverancierscode,crediteurnummer,código proveedor,codice fornitore,levnr,lev nr,leverantörsnr,"
            "kreditorennummer,kreditorennr,lieferanten nr,leverandør nr,n fournisseur,no fournisseur,n proveedor,"
            "no proveedor,número de proveedor,numero fornitore,n fornitore"
        ),
        "id": _set(
            "supplier id,vendor id,lev id,leverantör id,leverantörs id,leverandør id,lieferanten id,kreditor id,"
            "toimittaja id,id fournisseur,id proveedor,id fornitore"
        ),
        "name": _set(
            "supplier,supplier name,vendor,vendor name,company,company name,lieferant,lieferantenname,firma,leverantör,"
            "leverantörsnamn,leverandør,leverandørnavn,toimittaja,toimittajan nimi,fournisseur,raison sociale,"
            "leverancier,proveedor,razón social,fornitore,ragione sociale"
        ),
        "country": _set("country,country code,land,landkod,landekode,länderkürzel,maa,maakoodi,pays,código país,paese"),
        "registration": _set(
            "registration number,company number,org no,orgnr,org nr,organisationsnummer,organisasjonsnummer,cvr,cvr nr,"
            "cvr nummer,handelsregisternummer,y tunnus,siren,siret,kvk,kvk nummer,cif"
        ),
        "tax": _set(
            "tax number,tax id,vat number,vat no,vat id,vat registration number,ust id,ust idnr,umsatzsteuer id,momsnr,"
            "vat nummer,vatnummer,momsregistreringsnummer,alv numero,numéro tva,n tva,btw nummer,nif,partita iva,p iva,"
            "momsregnr,momsreg nr"
        ),
    },
    "values": {
        "entity": _set(
            "project,project no,project number,project code,projekt,projektnr,projekt nr,projektnummer,projektkod,"
            "projekti,projektinro,prosjekt,prosjektnr,prosjektnummer,sag,sagsnr,sagsnummer,projectnummer,projectcode,"
            "projet,code projet,proyecto,código proyecto,progetto,codice progetto,"
            "cost centre,cost center,cost centre code,cost center code,costcenter,kostenstelle,kostenstellennummer,"
            "kostenträger,kst,kst nr,kostnadsställe,kostnadsställenr,kostnadsbärare,resultatenhet,koststed,"
            "omkostningssted,kostnadssted,kostenplaats,centre de coût,centro de coste,centro di costo,kustannuspaikka,"
            "department,department code,department no,abteilung,avdelning,avdelningsnr,avdeling,avdelingsnr,afdeling,"
            "afdelingsnr,osasto,departamento,reparto"
        ),
    },
}

YES: Final = _set("true,1,yes,y,x,ja,j,kyllä,k,oui,o,sí,s,sì,si,vrai,wahr,verdadero,vero,waar,sand,sant,sann,tosi,t,on")
NO: Final = _set("false,0,no,n,nein,nej,nei,ei,e,non,nee,faux,falsch,falso,onwaar,falsk,usand,usant,epätosi,f,off") | {
    ""
}
ACTIVE: Final = _set(
    "active,open,enabled,in use,aktiv,offen,öppen,åben,åpen,aktiivinen,avoin,käytössä,actif,ouvert,actief,"
    "activo,activa,abierto,abierta,attivo,attiva,aperto,i bruk,i brug,ongoing,in progress,laufend,pågående,pågår,"
    "igangværende,i gang,en cours,lopend,en curso,in corso,käynnissä"
)
INACTIVE: Final = _set(
    "inactive,closed,blocked,barred,archived,disabled,hidden,deleted,locked,gesperrt,inaktiv,geschlossen,archiviert,"
    "spärrad,avslutad,stängd,spærret,lukket,sperret,stengt,estetty,suljettu,passiivinen,ei käytössä,bloqué,fermé,"
    "inactif,archivé,geblokkeerd,gesloten,inactief,bloqueado,bloqueada,cerrado,cerrada,inactivo,inactiva,bloccato,"
    "bloccata,chiuso,inattivo,inattiva,arkiverad,arkiveret,arkivert,completed,finished,ended,avslutat,färdig,slutförd,"
    "abgeschlossen,beendet,afsluttet,avsluttet,terminé,clôturé,afgerond,finalizado,terminado,terminato,concluso,päättynyt"
)
#: What says the contrary of a word for yes or no, so that a column in which all rows agree says both.
CONTRARY: Final = {
    **dict.fromkeys(("ja", "j"), "Nej,Nein,Nei,Nee,N"),
    **dict.fromkeys(("nej", "nein", "nei", "nee"), "Ja,J"),
    "oui": "Non,N",
    "o": "Non,N",
    "non": "Oui,O",
    "kylla": "Ei,E",
    "k": "Ei,E",
    "ei": "Kyllä,K,Ja",
    "si": "No,N",
    "no": "Yes,Y,Sí,Sì,Si,S",
    "yes": "No,N",
    "y": "No,N",
    "true": "false",
    "false": "true",
    "1": "0",
    "0": "1",
    "vrai": "Faux",
    "faux": "Vrai",
    "wahr": "Falsch",
    "falsch": "Wahr",
    "waar": "Onwaar",
    "onwaar": "Waar",
    "vero": "Falso",
    "verdadero": "Falso",
    "sant": "Falskt,Usant",
    "sand": "Falsk",
    "tosi": "Epätosi",
}

#: Columns whose cells look like numbers of records and are none: ways to reach somebody, amounts, days.
NO_KEYS: Final = _set(
    "phone,phone number,telephone,mobile,fax,email,e mail,telefon,telefonnummer,telefonnr,mobil,handy,tlf,puhelin,"
    "téléphone,portable,telefoon,teléfono,telefono,zip,zip code,postcode,postal code,plz,postleitzahl,postnummer,"
    "postnr,"
    "code postal,código postal,cap,address,street,adresse,adress,straße,iban,bic,bank account,bankgiro,plusgiro,"
    "balance,amount,debit,credit,total,saldo,betrag,soll,haben,belopp,debet,kredit,beløb,solde,montant,débit,crédit,"
    "bedrag,importe,debe,haber,importo,dare,avere,saldot,date,created,modified,updated,datum,dato,päivä,fecha,data"
)
#: Kinds of rows that nobody books to.
HEADINGS: Final = _set(
    "heading,header,title,total,sum,subtotal,begin total,end total,begin-total,end-total,totaling,group,view,section,"
    "überschrift,titel,summe,zwischensumme,gruppe,rubrik,rubrikkonto,summa,delsumma,grupp,overskrift,sumkonto,sum fra,"
    "ny side,sideskift,tittel,gruppe konto,otsikko,yhteensä,välisumma,ryhmä,titre,sous total,groupe,regroupement,"
    "totaal,subtotaal,groep,kop,título,suma,grupo,titolo,totale,gruppo,mastro,somma,heading start,sumintervall"
)


def role_of(header: str, table: str = "accounts") -> str | None:
    """What a column of a table is for by its header; None where no language says it."""
    word = plain(header)
    known = (*TABLES.get(table, {}).items(), *HEADERS.items())
    return next((role for role, words in known if word in words), None) if word else None
