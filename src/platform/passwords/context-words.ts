/**
 * Passwords that no rule would catch and that still stand high in public leaks: left there by spam robots and by
 * registration scripts. Compared in lower case, as the dictionaries are.
 */
export const LEAKED_PASSWORDS: readonly string[] = words(`
  l58jkdjp! l58jkdjp!m xxpa33bq.adna ka_djkhjsy6 g00dpa$$w0rd nick1234-rem936 fxzz75$yer zv_!80lo aug!272010
  feder_1941 sym_cskill1 t4_us3r friendofearning$1 jhon@ta2011 qwer43@! p030710p$e4o pe#5gz29ptzmse
  v#jxfpb5_fkh1ahk !v_j#zcws9mji107 ynyty@e9elu@ux 0!g2437k8d#ntzue d1lakiss 3rjs1la7qe vqsablpzla
  polniypizdec0211 mailcreated5240 9pwd7zym yagjecc826 ocpoook325 sz9kqcctwy j38ifubn g_czechout keli_14
`);

/** Months, days and seasons: the words of passwords that must be changed every so often. */
export const CALENDAR_WORDS: readonly string[] = words(`
  monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
  october november december jan feb mar apr jun jul aug sep sept oct nov dec spring summer autumn winter fall
  senin selasa rabu kamis jumat sabtu minggu januari februari maret mei juni juli agustus oktober desember agu okt des
`);

/** Words people build passwords from that the dictionaries lack or rank too low. */
export const OUR_WORDS: readonly string[] = words(`
  admin administrator administrador root user guest test testing tester demo temp temporary default changeme change
  changeit letmein welcome login signin secret secure security password passwort kennwort motdepasse contrasena
  contraseña clave senha parola haslo wachtwoord losenord salasana sifre sandi katasandi passcode pass pwd
  passwd master manager super superuser supervisor support helpdesk system server office company corporate employee
  service account access network internet computer laptop windows microsoft google gmail yahoo facebook instagram
  whatsapp tiktok twitter youtube telegram samsung iphone apple android huawei xiaomi oppo vivo nokia sony lenovo
  asus acer toshiba dell intel cisco oracle linux ubuntu github docker kubernetes jenkins postgres mysql mongodb redis
  nestjs react angular python java javascript amazon netflix spotify paypal tesla toyota honda yamaha suzuki kawasaki
  ferrari porsche mercedes bmw audi ford nissan hyundai adidas nike puma gucci pepsi cocacola indomie starbucks
  liverpool chelsea arsenal barcelona realmadrid manchester juventus milan intermilan bayern dortmund tottenham
  everton celtic rangers lakers yankees cowboys steelers patriots packers eagles persib persija arema persebaya timnas
  ronaldo messi neymar mbappe beckham kohli dhoni sachin tendulkar naruto sasuke goku pikachu pokemon minecraft roblox
  fortnite mobilelegends freefire valorant dota pubg batman superman spiderman ironman avengers starwars harrypotter
  india bharat mumbai delhi chennai kolkata hyderabad bangalore bengaluru pune kerala krishna ganesh ganesha shiva
  hanuman saibaba jaimatadi omsairam omnamahshivay allah bismillah alhamdulillah subhanallah insyaallah masyaallah
  jesus jesuschrist yesus kristus god blessed lakshmi durga shivaji rahul rohit amit sunil anil vijay sanjay rajesh
  suresh ramesh mahesh deepak pooja priya neha ankit nikhil sourav saurabh sachin jai jaishree shree shri radhe venkatesh chinnu karthik lakshman pakistan bangladesh karachi lahore dhaka
  nepal srilanka malaysia singapore singapura thailand vietnam philippines pilipinas manila australia canada america
  england london paris france germany berlin spain madrid italy brazil brasil mexico argentina colombia nigeria lagos
  kenya ghana egypt turkey istanbul ankara russia moscow china beijing shanghai taiwan hongkong japan tokyo korea seoul
  newyork chicago dallas houston boston texas florida california
  indonesia jakarta bandung surabaya semarang yogyakarta jogja jogjakarta medan palembang makassar denpasar malang
  bogor depok tangerang bekasi batam balikpapan samarinda pontianak manado padang pekanbaru lampung solo surakarta
  cirebon sukabumi tasikmalaya garut kediri madiun jember banyuwangi lombok papua aceh sumatera kalimantan sulawesi
  jawa jawatengah jawabarat jawatimur bali nusantara garuda pancasila merdeka proklamasi sukarno soekarno suharto
  jokowi prabowo majapahit borobudur
  sayang sayangku sayangkamu cinta cintaku akucinta cintakamu akusayang akusayangkamu kasih kekasih rindu kangen
  bunda ayah mama papa ibuku ibu bapak emak nenek kakek kakak adik adek anakku suamiku istriku keluarga keluargaku
  rahasia rahasiaku bahagia semangat sukses berkah barokah amanah rejeki rezeki jodoh kucing kucingku anjing kelinci
  bintang bulan matahari pelangi mawar melati anggrek kupu kupukupu kelapa durian mangga rambutan bakso nasigoreng
  rendang sate satu dua tiga empat lima enam tujuh delapan sembilan sepuluh satuduatiga sekolah kampus kuliah guru
  dosen siswa mahasiswa kantor karyawan direktur bendahara keuangan gudang penjualan toko tokoku usaha jualan olshop
  tokopedia shopee lazada bukalapak gojek grab dana ovo gopay mandiri bca bri bni pertamina telkomsel indosat
  budi agus dewi putri putra siti rina rini wati yanti yanto joko bambang slamet eko dwi tri adi andi rizky rizki fajar
  bayu dimas galih hendra irfan ilham indra ahmad muhammad fitri ayu lestari wulan ratna susanti hartono wijaya kusuma
  setiawan gunawan kurniawan hidayat saputra pratama nugroho santoso suryadi supriyadi suryanto susanto hartanto
  haryanto purnomo prasetyo prasetya wibowo wicaksono widodo yulianto kusumawati rahmawati fatmawati setiawati
  kurniawati ekawati handayani wahyuni wahyudi rahayu astuti maharani anggraini oktaviani febriani septiani nuraini
  nurul nurhayati aisyah khadijah maulana ramadhan ramadhani firmansyah hermansyah ardiansyah syahputra siregar
  nasution simanjuntak sihombing hutagalung panjaitan ginting tarigan pasaribu lubis harahap hasibuan suharti sumarni
  suparno sugeng sugiarto sutrisno supriyanto suwarno wahyu yoga gilang galang rangga angga anggi dinda nabila salsabila
  zahra aulia amelia cahya cahyani permata intan mega melinda novi novia yuliana yulia tika kartika kartini
  anak anakku cucu jagoan pacarku mantan jomblo galau kopi teh nasi soto rujak gudeg pempek sambal
  sidoarjo gresik pasuruan probolinggo jombang tegal brebes pekalongan kudus purwokerto magelang salatiga klaten
  jayapura ambon ternate kupang mataram banjarmasin palangkaraya kendari gorontalo mamuju bengkulu jambi padangsidempuan
  merapi semeru rinjani bromo krakatau toba prambanan monas
  padma padmavathi manoj anand anandh arun aravind ashok bala balaji basava chandra dinesh ganapathi gopal govind
  hari harish harpreet gurpreet jagan jaya kannan kavitha kiran kumar kumaran lokesh madhav madhu mahadev mani manjunath
  mohan murali murugan naveen prabhu pradeep prakash prasad praveen rajendra raju ravi sai sakthi saravanan senthil
  shankar sharma singh siva sivakumar sreenivas srinivas subramani swathi swapna uma usha varun venkat venkatesh vignesh
  vinay vinod vishnu yadav khan hussain hassan hasan ali ahmed abdul abdullah usman bilal imran faisal tariq
  ethereum bitcoin dogecoin binance crypto covid corona lockdown zoom discord steam
  iloveyou iloveu iloveme loveyou lovely loveme love forever together friends family happy smile lucky princess angel
  baby babygirl babyboy sweetheart darling honey sunshine butterfly rainbow flower chocolate cookie banana orange
  football soccer cricket baseball basketball hockey tennis golf badminton bulutangkis
  dragon tiger lion eagle phoenix shadow hunter ranger killer ninja samurai warrior knight wizard pirate joker monkey
  monster zombie matrix phoenix mustang corvette harley maggie buster charlie bailey max lucy bella daisy molly rocky
  qwerty azerty qwertz qwertyuiop azertyuiop asdf asdfgh asdfghjkl zxcv zxcvbn zxcvbnm qazwsx qazwsxedc wsxedc qweasd
  qweasdzxc qwerasdf poiuyt lkjhgf mnbvcxz abcd abcde abcdef abcdefg abcabc qwe asd zxc qaz wsx edc aaa abc xyz
  hello hallo halo hola bonjour ciao selamat selamatpagi apakabar terimakasih thankyou goodmorning goodluck
  start begin open sesame opensesame qwaszx trustno1 whatever nothing fuckyou fuckoff bitch asshole bangsat anjay
  azerty123 soleil doudou loulou chouchou marseille bordeaux schatz hallo123 sommer fruehling winter herbst dezember
  ficken schalke bayern deutschland espana teamo teamomucho tequiero mivida amor corazon princesa estrella perro gato
  dios jesucristo brasil flamengo corinthians palmeiras saopaulo benfica sporting porto amore juventus ciao forza napoli
  galatasaray fenerbahce besiktas turkiye istanbul askim canim ataturk privet parol natasha sergey dmitry vladimir
  moskva spartak zenit lokomotiv gfhjkm ghbdtn yjdsqgfhjkm nihao woaini wodemima aini mahal mahalkita tagalog saranghae
`);

/** Words of so many organizations' names that a password may hold them; the whole name still may not. */
export const GENERIC_NAME_WORDS: ReadonlySet<string> = new Set(
  words(`
  toko group grup store stores shop corp corporation company companies inc limited ltda gmbh perusahaan perseroan
  usaha koperasi yayasan persero tbk cabang pusat indonesia nusantara asia global international internasional digital
  online official resmi media solusi solution solutions service services layanan jasa business bisnis team tech
  technology technologies teknologi system systems sistem software consulting konsultan trading dagang niaga industri
  industries industry mandiri jaya abadi makmur sejahtera maju sentosa utama bersama karya sukses berkah prima
  house home world indo with dari yang untuk
`),
);

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
