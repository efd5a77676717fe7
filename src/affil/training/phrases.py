"""Word lists and templates for synthetic strings."""

from __future__ import annotations

ABBREVIATIONS = (
    ("University", "Univ."), ("University", "Univ"), ("Institute", "Inst."), ("Institute", "Inst"), ("Technology", "Tech."),
    ("Technology", "Technol."), ("Science", "Sci."), ("Sciences", "Sci."), ("National", "Natl."), ("National", "Nat."),
    ("Laboratory", "Lab"), ("Laboratory", "Lab."), ("Hospital", "Hosp."), ("Department", "Dept."), ("Center", "Centre"),
    ("Centre", "Center"), ("Engineering", "Eng."), ("Medical", "Med."), ("International", "Int."), ("Research", "Res."),
    ("Academy", "Acad."), ("College", "Coll."), ("and", "&"), ("of", ""), ("Saint", "St."), ("Electronic", "Electron."),
    ("Polytechnic", "Polytech."), ("Foundation", "Fdn"), ("Association", "Assoc."), ("Corporation", "Corp."),
)  # fmt: skip
DEPARTMENTS = {
    "en": ("Department of {s}", "Dept. of {s}", "School of {s}", "Faculty of {s}", "Division of {s}", "College of {s}", "Section of {s}",
           "Institute of {s}", "Laboratory of {s}", "{s} Department", "Center for {s}", "{s} Group", "Key Laboratory of {s}",
           "Graduate School of {s}", "Department of {s} and {r}", "{s} Unit", "{s} Research Group", "Chair of {s}", "{s} Lab",
           "Department of {s}, School of {r}", "School of {s}, Faculty of {r}", "Program in {s}", "State Key Lab of {s}",
           "Service of {s}", "Clinic of {s}", "Centre of Excellence in {s}", "{n} School of {s}", "{n} Center for {s}"),
    "de": ("Institut für {s}", "Lehrstuhl für {s}", "Fakultät für {s}", "Abteilung {s}", "Klinik für {s}"),
    "fr": ("Département de {s}", "Laboratoire de {s}", "UFR {s}", "Faculté de {s}", "Service de {s}", "UMR 8{d}"),
    "es": ("Departamento de {s}", "Facultad de {s}", "Escuela de {s}", "Instituto de {s}", "Servicio de {s}"),
    "pt": ("Departamento de {s}", "Faculdade de {s}", "Programa de Pós-Graduação em {s}", "Laboratório de {s}"),
    "it": ("Dipartimento di {s}", "Facoltà di {s}", "Istituto di {s}"),
    "zh": ("计算机学院", "计算机科学与技术学院", "人工智能学院", "自动化系", "电子工程系", "软件学院", "信息学院", "数学系", "机械工程学院",
           "物理系", "计算机科学与工程学系", "电子与信息学院", "控制科学与工程学院", "交叉信息研究院", "模式识别实验室", "医学院"),
    "ja": ("情報理工学系研究科", "工学部", "大学院工学研究科", "理学部", "情報学研究科", "医学部", "工学研究科"),
    "ko": ("컴퓨터공학부", "전기정보공학부", "공과대학", "인공지능대학원", "기계공학과"),
}  # fmt: skip
SUBJECT_WORDS = {"de": ("Informatik", "Physik", "Maschinenbau", "Innere Medizin", "Chemie", "Mathematik"),
                 "fr": ("physique", "mathématiques", "biologie", "informatique", "chimie", "médecine"),
                 "es": ("Física", "Ciencias", "Ingeniería", "Medicina", "Química", "Informática"),
                 "pt": ("Física", "Ciências", "Engenharia", "Medicina", "Química", "Informática"),
                 "it": ("Fisica", "Scienze", "Ingegneria", "Medicina", "Chimica", "Informatica")}  # fmt: skip
SCHOOLS_WITHOUT_COMMA = (
    " School of {s}",
    " {s} Department",
    " Medical School",
    " Faculty of {s}",
    " Campus {d}",
    " {n} Center",
)
STREETS = ("{d} Main Street", "{n} Road", "{d} {n} Avenue", "No. {d} {n} Road", "P.O. Box {d}", "{n}str. {d}", "Via {n} {d}",
           "{d} rue de {n}", "Av. {n} {d}", "Building {d}", "Room {d}", "{n} Campus")  # fmt: skip
FIRST = ("Anna", "Wei", "John", "Maria", "Yuki", "Ahmed", "Olga", "Pierre", "Lucas", "Min-jun", "Priya", "Lars")
NOTHING = ("Independent Researcher", "independent", "N/A", "none", "-", "unaffiliated", "Freelance", "Private practice", "Retired",
           "Student", "Researcher", "Professor", "self-employed", "Unknown", "独立研究者", "无", "自由职业", "個人", "Consultant",
           "Department of {s}", "School of {s}", "{s}", "Institute of {s} and {r}", "{f} {n}", "{f} {n}, {f} {m}", "{d} {n} Street",
           "tel: +{d} {d}", "fax: +{d}-{d}", "{f}.{n}@mail.com", "Corresponding author: {f} {n}", "PhD, {s}", "Laboratory of {s}",
           "{s} Group", "These authors contributed equally", "{c}", "{c}, {k}", "{k}", "{s} Laboratory ({a})", "{s} Lab {a}",
           "{n} {a}", "{a} {s} Group", "{a}", "{a} {n}", "Hospital", "University", "Department")  # fmt: skip
HAN_PARTS = ("资工", "计院", "信院", "软院", "信科院", "计算机系", "电子系", "电机系", "AI院", "计科", "自动化系",
             "数院", "物院", "机械系", "资讯工程", "大数据院", "人工智能学院", "计算机学院", "医学院", "情報学研究科",
             "工学部", "视觉组", "实验室", "机器人所", "信息学部", "研究生院")  # fmt: skip
SHORT_FORMS = ("Department of {s}, *", "* {s} Lab", "School of {s}, *", "* EECS", "* CS", "* CSIE", "* ECE", "* LTI",
               "* {s} Group", "* ({s})", "* {s}", "*, {s}", "* Vision Lab", "* Robotics", "* AI", "*-{n} Lab",
               "* Data Science", "{n} Lab, *", "* NLP Group", "*.")  # fmt: skip
NEAR = ("Technical University of {}", "{} University of Education", "{} Medical University",
        "{} University of Medical Sciences", "{} Normal University", "{} Women's University",
        "{} Institute of Technology", "{} University of Applied Sciences", "{} State University",
        "Catholic University of {}", "{} Polytechnic", "Medical University of {}",
        "{} University of Technology", "{} University of Economics", "Islamic Azad University of {}",
        "{} Community College", "{} University of Arts", "{} Christian University", "{} University of Agriculture",
        "New University of {}", "{} City University", "{} Open University", "{n} University, {}", "{n} University in {}",
        "{n} University {}", "{n} Institute of Technology, {}", "{} Institute of Technology, {a} {}", "{n} College, {}",
        "University of {}-III", "Université de {}-IV", "{} Academy", "Northern {} University",
        "{n} University of {}", "{n} University of {}", "{n} State University of {}", "East {} University", "Eastern {} State College",
        "Northwest {} State College", "Middle {} State University", "West {} University", "South {} College", "{} State College",
        "{n} {} University", "Central {} University")  # fmt: skip
# follow the short name of a non-university, and the full name of a university
COLLEGES = ("{} College", "{} University", "{} Community College", "{} Technical College", "{} University College",
            "{} International University")  # fmt: skip
OF_SUBJECT = ("Economics", "Culture and Arts", "Education", "Agriculture", "Architecture", "Medicine", "Foreign Languages",
              "Engineering and Economics", "Civil Aviation", "Commerce", "Environmental Engineering", "Law", "Forestry",
              "Finance", "Transport")  # fmt: skip
HAN_NEAR = ("{}理工学院", "{}医科大学", "{}师范学院", "{}科技职业学院", "{}外国语大学", "{}财经学院", "{}工程学院",
            "{}中医学院", "{}艺术学院", "{}职业技术学院", "{}第二师范学院", "{}女子大学")  # fmt: skip
SCHOOLS = ("{} School of {s}", "{} Medical School", "{} School of Medicine", "{} Law School", "{} Business School",
           "{} School of Public Health", "{} Graduate School of {s}", "{} College of {s}")  # fmt: skip
UNITS = ("{} Engineering", "{} Department of {s}", "{} Medicine", "{} Center for {s}", "{} Institute of {s}", "{} Faculty of {s}",
         "{} Cancer Center", "{} {s} Lab")  # fmt: skip
BORROWED = ("{} Street", "{} Road", "{d} {} Street", "{} Avenue {d}", "{} Park Apartments", "{} Scholar",
            "{} Cloud Platform", "{} Fellowship", "{} PhD Fellow", "{} Word", "{} Word - manuscript.docx", "{} Prize",
            "{} Chair", "{} Award", "{} Store", "{} Translate", "{} High School", "{} Bookstore",
            "{} Alumni Association", "{} Elementary School", "{} Square", "{} Hotel", "{} Shopping Mall",
            "former {} employee", "{} Drive")  # fmt: skip
HAN_BORROWED = ("{}路{d}号", "{}街道", "{}大道{d}号", "{}路{d}号某公司", "{}附近", "{}广场", "{}奖学金", "{}附属小学", "{}酒店")
JOINERS = (", ", ", ", ", ", " and ", " and ", " & ", "; ", "; ", " + ", "+", " / ", "/", " | ", "\n", ", and ", " - ",
           " in collaboration with ", " ")  # fmt: skip
HAN_JOINERS = ("和", "和", "与", "、", "、", "，", "；", "/", " ", "及")
TIGHT = frozenset(("+", "/", " + ", " in collaboration with ", " ", " - "))
# an institution at another place: {} and {} are name and place, {s} is a subject
ELSEWHERE = ("{}, {}", "{}, {}", "{} ({})", "{} {}", "Department of {s}, {}, {}", "School of {s}, {}, {}")
BRANCHES = ("{}, {}", "{}, {}", "{}, {}", "{} ({})", "{s} Group, {}, {}", "{}, {s}, {}")
SITES = ("{}, {}", "{}, {}", "{} {}", "{} ({})", "{s} Group, {}, {}")
JOINT = ("{}-{} Joint Lab", "{}-{} Joint Laboratory", "Joint Laboratory of {} and {}", "{}–{} Joint Research Center")
HAN_JOINT = ("{}-{}联合实验室", "{}—{}联合研究中心", "{}{}联合实验室", "{}-{}联合实验室", "{}与{}联合研究院")
MAIL = ("{f}@{d}", "{f}.{n}@{d}", "{f}@{s}.{d}", "{d}", "www.{d}", "{{{f},{n}}}@{d}", "e-mail: {f}@{s}.{d}")
SUBDOMAINS = ("cs", "ee", "mail", "mails", "eng", "math", "alumni", "student", "ai", "phys")
FOOTNOTES = ("1", "2", "a ", "*", "† ", "1,2 ", "3 ")
TAILS = (".", ";", "†", " *", "#TAB#", " (Corresponding author)", ". E-mail: a.b@mail.org")
